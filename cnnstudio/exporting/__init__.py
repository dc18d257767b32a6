"""What leaves the application: Keras code of a network and a script of a training."""

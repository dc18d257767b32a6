"""The page Lab: the arithmetic done step by step, and the lessons."""

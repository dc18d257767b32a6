"""Numbers as people say them."""


def percent(share: float) -> str:
    """A share, 0–1, with one decimal: “98.7 %”."""
    return f"{100 * share:.1f} %"


def duration(seconds: float) -> str:
    """A duration: “8 s”, “3 min 20 s”, “1 h 5 min”."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"

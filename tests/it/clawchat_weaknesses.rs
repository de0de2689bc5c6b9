//! What the real gateway gets wrong (`W1` to `W16` of its description), and we do not.

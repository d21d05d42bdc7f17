"""The reference backend: a Program interpreted with NumPy, slowly, without a compiler."""

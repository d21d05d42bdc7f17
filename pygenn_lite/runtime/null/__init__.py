"""The null backend: derives, renders and plans everything, compiles and runs nothing."""

"""The C++ backend: compiler, memory, and what the engine is handed."""

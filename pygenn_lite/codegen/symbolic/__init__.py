"""From equations to update rules. Pure functions on SymPy; no compiler, no files, no arrays.

``system`` joins a population's equations into one system; ``integrators`` choose and derive the
discrete step; ``neuron`` and ``synapse`` assemble the kernels of the Program.
"""

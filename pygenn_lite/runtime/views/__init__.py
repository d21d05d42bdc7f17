"""What a user sees of a simulation: variables, parameters, inputs."""

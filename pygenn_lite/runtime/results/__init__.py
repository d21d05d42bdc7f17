"""What a run gives: sinks, result files, and the Result that reads them."""

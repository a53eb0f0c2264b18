"""Training: replicas, the training function, the loop, checkpoints, the run's folder."""

"""What is timed, each figure beside a peer or a floor that the same run measured; ``python -m benchmarks`` runs all."""

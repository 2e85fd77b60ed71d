"""Models of other projects become checkpoints: their networks are read as data, checked under
limits, translated into torch modules, and compared with what they computed before."""

"""Analysis of codes: clusters, regions, projections to a plane, nearest neighbours."""

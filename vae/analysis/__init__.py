"""Analysis of codes and images: clusters, regions, projections to a plane, nearest neighbours."""

"""Runs on a cluster with Ray: many pictures at once, or one picture that is too large for a machine.

    import impasto.ray

    for row in impasto.ray.stylize(paths, "painting.jpg", out="/shared/results", size=1024):
        print(row["output"], row["status"], row["error"])

    impasto.ray.gigantic("/shared/photo.tif", "painting.jpg", "/shared/result.tif", size=16384, blocks=(2, 2))

`pip install impasto[ray]` installs Ray. docs/cluster.md says how to begin.
"""

from impasto.ray._gigantic import gigantic
from impasto.ray._many import stylize

__all__ = ["gigantic", "stylize"]

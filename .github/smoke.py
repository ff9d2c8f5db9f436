"""Paints a small picture by the installed package: what every wheel must do."""

import impasto

result = impasto.stylize("samples/harbour.jpg", "samples/swirls.jpg", size=96, effort="draft")
assert result.array.shape == (72, 96, 3), result.array.shape
result.save("smoke.png")
assert impasto.read_recipe("smoke.png") == result.recipe
print(impasto.__version__, result)

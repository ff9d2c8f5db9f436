//! Neural style transfer by optimisation: repaint a picture in the style of another

//! Runs a VGG encoder over an image: features, moments, and their derivative by the pixels

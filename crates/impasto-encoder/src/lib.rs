//! What a VGG network is, and how to read and check one

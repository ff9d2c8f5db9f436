//! Pictures in and out: decode, orient, resize, encode

//! countersign-otp

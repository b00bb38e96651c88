//! Start-up and shutdown, in order.

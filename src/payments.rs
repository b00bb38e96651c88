//! The payment providers behind the duties `charge` and `refund`.

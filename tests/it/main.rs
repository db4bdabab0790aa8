//! The one integration-test binary: everything runs through the real router, a real database and the real sandbox.

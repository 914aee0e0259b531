//! The reference server from outside: the real binary, a client that knows the HTTP contract, codes of `oathtool`.

mod durability;
mod enrolment;
mod operations;
mod pending;
mod people;
mod second_step;

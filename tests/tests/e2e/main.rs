//! The reference server from outside: the real binary, a client that knows the HTTP contract, codes of `oathtool`.
//! What an attacker tries is in `attack`.

mod deployed;
mod enrolment;
mod import;
mod logs;
mod operations;
mod route_matrix;
mod sqlite_faults;

//! The store against everything it must withstand: what is kept, who may open it, broken files, many processes, forks and kills.

mod kept;
mod support;

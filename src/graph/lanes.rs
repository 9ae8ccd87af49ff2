//! At most `squeeze_graph.concurrency` requests in flight per mailbox, over all threads of this process.

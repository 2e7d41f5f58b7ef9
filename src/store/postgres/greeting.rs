//! What every connection is told first: how durable, how patient and how planned its work is to be.

/// A commit must be on the server's disk; locks of a node that was stopped in the middle must come free by
/// themselves. The server looks after 20 s whether the node is still there, also where an answer is on its
/// way: one that fell off the network would otherwise keep its connections for up to two hours.
///
/// Every statement of ours finds its rows by an index, also in a table that was empty when the statement was
/// planned and has grown since; compiling one takes longer than any of them.
pub(super) const GREETING: &str = "\
    select set_config('synchronous_commit', 'on', false) \
     where current_setting('synchronous_commit') = 'off'; \
    set statement_timeout = '10s'; set lock_timeout = '8s'; \
    set idle_in_transaction_session_timeout = '10s'; \
    set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 2; \
    select set_config(name, '20000', false) from pg_settings where name = 'tcp_user_timeout'; \
    set enable_hashjoin = off; set enable_mergejoin = off; set random_page_cost = 1.1; set jit = off; \
    set client_min_messages = 'warning'; set timezone = 'UTC';";

--TEST--
phpinfo() shows version, store, key source, TLS, concurrency and every setting
--EXTENSIONS--
squeeze_graph
--FILE--
<?php
(new ReflectionExtension('squeeze_graph'))->info();
?>
--EXPECTF--

squeeze_graph

squeeze_graph support => enabled
Version => %d.%d.%d
Time zones => IANA 20%d%c
Store => /var/lib/squeeze-graph/store.sqlite
Store key => %s
TLS => rustls, always verified; certificates of the system
Requests in flight per mailbox => 4

Directive => Local Value => Master Value
squeeze_graph.store => /var/lib/squeeze-graph/store.sqlite => /var/lib/squeeze-graph/store.sqlite
squeeze_graph.key_file => no value => no value
squeeze_graph.connect_timeout => 10 => 10
squeeze_graph.timeout => 60 => 60
squeeze_graph.concurrency => 4 => 4
squeeze_graph.proxy => no value => no value
squeeze_graph.proxy_auth_file => no value => no value
squeeze_graph.ca_file => no value => no value
squeeze_graph.custom_endpoints => 0 => 0
squeeze_graph.language => en => en
squeeze_graph.log => no value => no value
squeeze_graph.log_level => warning => warning
squeeze_graph.retry_budget => 120 => 120

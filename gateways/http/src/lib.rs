//! HTTP on sockets: the REST API that applications call and the webhooks that they are called by.

//! SIP on sockets: peers, registered users and the seven X-SMS headers.

// Which fields do not travel through a proxy (RFC 9110 7.6.1), and which a client must not be able to set.
#pragma once

#include <string_view>
#include <vector>

#include "http/message.h"

namespace hearth::http {

// Connection, Keep-Alive, Proxy-Connection, Proxy-Authenticate, Proxy-Authorization, TE, Trailer, Transfer-Encoding,
// Upgrade. What of these is needed on the other side is written anew.
bool is_hop_by_hop(const Header& field);

// The fields named in Connection. A client must not be able to delete what the gateway relies on or adds, so these are
// never in the set: Host, Content-Length, Authorization, Cookie, Set-Cookie, X-Request-Id, what makes a WebSocket
// handshake one (Sec-WebSocket-Key, -Version, -Accept), and the identity family.
// Views live as long as the head. Reusable: collect() forgets the previous one and keeps memory.
class ConnectionNominated {
 public:
  void collect(const HeaderList& headers);
  bool contains(std::string_view name) const;
  bool empty() const { return names_.empty(); }

 private:
  std::vector<std::string_view> names_;
};

// Fields by which a proxy tells an application who the client is. From a client they are forgeries. Matched without
// case and with '_' and '.' read as '-', because applications read them so: Forwarded, X-Forwarded*, X-Real-IP,
// X-Hearth-*, Remote-*, X-Remote-*, X-Auth-*. Authorization is not one of them.
bool is_client_identity_header(std::string_view name);

// A field whose name becomes one that the gateway looks at or writes (KnownHeader) once '_' and '.' are read as '-', as
// CGI, WSGI and PHP read them: Transfer_Encoding, Content_Length, X_Request_Id. No client sends one honestly.
bool is_lookalike(const Header& field);

// Same name, without case and with '_' and '.' read as '-'.
bool is_same_folded(std::string_view a, std::string_view b);

}  // namespace hearth::http

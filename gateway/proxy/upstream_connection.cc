#include "proxy/upstream_connection.h"

#include "proxy/upstream_pool.h"

namespace hearth::proxy {

UpstreamConnection::UpstreamConnection(Loop& loop, UpstreamPool& pool, const SocketAddress& address)
    : socket_(loop, this), pool_(pool), address_(address) {}

void UpstreamConnection::connect(UpstreamUser& user) {
  user_ = &user;
  socket_.connect(address_);
}

void UpstreamConnection::on_connected(int status) {
  if (user_ == nullptr) return;
  if (status != 0) {
    user_->on_upstream_failed(status);
    return;
  }
  socket_.start_reading();  // and never stopped for a warm exchange: the interest mask stays as it is
  user_->on_upstream_ready();
}

void UpstreamConnection::on_read(std::string_view bytes) {
  if (user_ != nullptr) {
    user_->on_upstream_read(bytes);
  } else {
    pool_.discard(*this);  // an origin that speaks unasked cannot be trusted with the next request
  }
}

void UpstreamConnection::on_end() {
  if (user_ != nullptr) {
    user_->on_upstream_end();
  } else {
    pool_.discard(*this);
  }
}

void UpstreamConnection::on_broken(int status) {
  if (user_ != nullptr) {
    user_->on_upstream_broken(status);
  } else {
    pool_.discard(*this);
  }
}

void UpstreamConnection::on_drained() {
  if (user_ != nullptr) user_->on_upstream_drained();
}

void UpstreamConnection::on_readable() {
  if (user_ != nullptr) user_->on_upstream_readable();
}

void UpstreamConnection::on_deadline() {
  if (user_ == nullptr) pool_.discard(*this);
}

}  // namespace hearth::proxy

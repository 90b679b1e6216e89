// UniqueFunction<R(Args...)>: a move-only callable, so that callbacks can own what they capture.
// std::move_only_function is C++23. Empty when default constructed or moved from; calling an empty one is a bug.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "base/check.h"

namespace hearth {

template <class Signature>
class UniqueFunction;

template <class R, class... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() = default;
  UniqueFunction(std::nullptr_t) {}  // NOLINT: implicit, like std::function

  template <class F>
  requires(!std::is_same_v<std::decay_t<F>, UniqueFunction> && std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
      UniqueFunction(F&& f) {  // NOLINT: implicit, like std::function
    using Target = std::decay_t<F>;
    if constexpr (sizeof(Target) <= kInline && alignof(Target) <= alignof(std::max_align_t) &&
                  std::is_nothrow_move_constructible_v<Target>) {
      ::new (storage_) Target(std::forward<F>(f));
      table_ = &kInlineTable<Target>;
    } else {
      *reinterpret_cast<Target**>(storage_) = new Target(std::forward<F>(f));
      table_ = &kHeapTable<Target>;
    }
  }

  UniqueFunction(UniqueFunction&& other) noexcept { take(other); }
  UniqueFunction& operator=(UniqueFunction&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  UniqueFunction(const UniqueFunction&) = delete;
  UniqueFunction& operator=(const UniqueFunction&) = delete;
  ~UniqueFunction() { reset(); }

  explicit operator bool() const { return table_ != nullptr; }

  R operator()(Args... args) {
    HEARTH_CHECK(table_ != nullptr);
    return table_->call(storage_, std::forward<Args>(args)...);
  }

 private:
  static constexpr std::size_t kInline = 4 * sizeof(void*);

  struct Table {
    R (*call)(void*, Args&&...);
    void (*move)(void* from, void* to);
    void (*destroy)(void*);
  };

  template <class T>
  static constexpr Table kInlineTable{
      [](void* p, Args&&... args) -> R { return (*static_cast<T*>(p))(std::forward<Args>(args)...); },
      [](void* from, void* to) {
        ::new (to) T(std::move(*static_cast<T*>(from)));
        static_cast<T*>(from)->~T();
      },
      [](void* p) { static_cast<T*>(p)->~T(); }};

  template <class T>
  static constexpr Table kHeapTable{
      [](void* p, Args&&... args) -> R { return (**static_cast<T**>(p))(std::forward<Args>(args)...); },
      [](void* from, void* to) { *static_cast<T**>(to) = *static_cast<T**>(from); },
      [](void* p) { delete *static_cast<T**>(p); }};

  void take(UniqueFunction& other) {
    table_ = other.table_;
    if (table_ != nullptr) table_->move(other.storage_, storage_);
    other.table_ = nullptr;
  }
  void reset() {
    if (table_ == nullptr) return;
    const Table* table = table_;
    table_ = nullptr;  // the target's destructor may look at us
    table->destroy(storage_);
  }

  alignas(std::max_align_t) unsigned char storage_[kInline];
  const Table* table_ = nullptr;
};

}  // namespace hearth

/// Bytes of somebody else; part of pancar.hpp.
#ifndef PANCAR_BYTES_HPP
#define PANCAR_BYTES_HPP

#include <pancar.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace pancar {

namespace detail {

template <class T>
inline constexpr bool is_byte = std::is_same_v<std::remove_cv_t<T>, std::uint8_t>
    || std::is_same_v<std::remove_cv_t<T>, std::byte>;

template <class T, class = void>
inline constexpr bool is_byte_container = false;

template <class T>
inline constexpr bool
    is_byte_container<T, std::void_t<decltype(std::declval<const T &>().data(), std::declval<const T &>().size())>>
    = is_byte<std::remove_pointer_t<decltype(std::declval<const T &>().data())>>;

} // namespace detail

/// A piece of memory that belongs to somebody else, as `std::span<const std::uint8_t>`, to which it also converts.
/// Sent, it becomes a binary attachment, which copies it.
class Bytes {
public:
    /// No bytes.
    constexpr Bytes() noexcept = default;

    /// `size` bytes, whatever they are.
    Bytes(const void *data, std::size_t size) noexcept : data_(static_cast<const std::uint8_t *>(data)), size_(size) {}

    /// Those of the C interface.
    constexpr explicit Bytes(pancar_bytes bytes) noexcept : data_(bytes.data), size_(bytes.len) {}

    /// Those of a container that has `data()` and `size()`, of `std::uint8_t` or `std::byte`.
    template <class Container, std::enable_if_t<detail::is_byte_container<Container>, int> = 0>
    Bytes(const Container &container) noexcept : Bytes(container.data(), container.size())
    {
    }

    /// The first of them.
    constexpr const std::uint8_t *data() const noexcept { return data_; }
    /// How many there are.
    constexpr std::size_t size() const noexcept { return size_; }
    /// Whether there are none.
    constexpr bool empty() const noexcept { return size_ == 0; }
    /// One of them; the index must be below `size()`.
    constexpr std::uint8_t operator[](std::size_t index) const noexcept { return data_[index]; }
    /// The first.
    constexpr const std::uint8_t *begin() const noexcept { return data_; }
    /// Behind the last.
    constexpr const std::uint8_t *end() const noexcept { return data_ + size_; }

    /// For calls of the C interface.
    constexpr operator pancar_bytes() const noexcept { return {data_, size_}; }

private:
    const std::uint8_t *data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace pancar

#endif

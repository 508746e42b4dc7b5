/// The types of C++ that arguments are written from and read as; part of pancar.hpp.
#ifndef PANCAR_CONVERT_HPP
#define PANCAR_CONVERT_HPP

#include "args.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace pancar {

namespace detail {

template <class>
inline constexpr bool never = false;

template <class T>
inline constexpr bool is_text = std::is_convertible_v<const T &, std::string_view>;

template <class T>
inline constexpr bool is_character = std::is_same_v<T, char> || std::is_same_v<T, wchar_t>
    || std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;

template <class T>
inline constexpr bool is_whole_number = std::is_integral_v<T> && !std::is_same_v<T, bool> && !is_character<T>;

template <class T, class = void>
inline constexpr bool is_range = false;
template <class T>
inline constexpr bool is_range<T, std::void_t<decltype(std::begin(std::declval<const T &>())), typename T::value_type>>
    = true;

template <class T, class = void>
inline constexpr bool is_map = false;
template <class T>
inline constexpr bool is_map<T, std::void_t<typename T::mapped_type>> = is_range<T> && is_text<typename T::key_type>;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

template <class T>
void write_number(Args &args, T number)
{
    if constexpr (std::is_floating_point_v<T>) {
        args.write(pancar_args_add_f64, static_cast<double>(number));
    } else if constexpr (std::is_unsigned_v<T> && sizeof(T) >= sizeof(std::int64_t)) {
        if (number > static_cast<T>(std::numeric_limits<std::int64_t>::max()))
            args.write(pancar_args_add_json, to_c(std::to_string(number)));
        else
            args.write(pancar_args_add_i64, static_cast<std::int64_t>(number));
    } else {
        args.write(pancar_args_add_i64, static_cast<std::int64_t>(number));
    }
}

template <class Range>
void write_range(Args &args, const Range &range)
{
    if constexpr (is_map<Range>) {
        args.begin_object();
        for (const auto &[key, value] : range)
            args.key(key).add(value);
        args.end_object();
    } else {
        args.begin_array();
        for (const typename Range::value_type &item : range)
            args.add(item);
        args.end_array();
    }
}

/// What a function of the C interface reads.
template <class Out, class Function>
Out read(Function function, const Value &value)
{
    Out out{};
    check(function(value.c_args(), value.index(), &out));
    return out;
}

template <class T>
T read_whole_number(const Value &value)
{
    const auto wide = read<std::int64_t>(pancar_args_i64, value);
    const auto narrow = static_cast<T>(wide);
    // A number that changed does not fit; one whose sign changed neither.
    if (static_cast<std::int64_t>(narrow) != wide || (std::is_unsigned_v<T> && wide < 0))
        throw Error(Status::wrong_type, "argument " + std::to_string(value.index()) + " is too large a number");
    return narrow;
}

template <class T>
T read_vector(const Value &value)
{
    const ArgsView items = value.items();
    T result;
    result.reserve(items.size());
    for (const Value item : items)
        result.push_back(item.get<typename T::value_type>());
    return result;
}

template <class T>
T read_bytes(const Value &value)
{
    const Bytes bytes(read<pancar_bytes>(pancar_args_bytes, value));
    const auto *first = reinterpret_cast<const typename T::value_type *>(bytes.data());
    return T(first, first + bytes.size());
}

} // namespace detail

// One chain and not a specialization for each kind of type: so a Convert of a program's own is never ambiguous.
template <class T, class Enable>
struct Convert {
    /// Adds a value to arguments; see `Args::add`.
    static void write(Args &args, const T &value)
    {
        if constexpr (std::is_same_v<T, bool>)
            args.write(pancar_args_add_bool, value);
        else if constexpr (detail::is_whole_number<T> || std::is_floating_point_v<T>)
            detail::write_number(args, value);
        else if constexpr (std::is_null_pointer_v<T>)
            args.write(pancar_args_add_null);
        else if constexpr (detail::is_text<T>)
            args.write(pancar_args_add_str, detail::to_c(value));
        else if constexpr (std::is_same_v<T, Bytes> || detail::is_byte_container<T>)
            args.write(pancar_args_add_bytes, static_cast<pancar_bytes>(Bytes(value)));
        else if constexpr (std::is_same_v<T, Json>)
            args.write(pancar_args_add_json, detail::to_c(value.text));
        else if constexpr (std::is_same_v<T, Value>)
            args.write(pancar_args_add_arg, value.c_args(), value.index());
        else if constexpr (std::is_base_of_v<ArgsView, T>)
            write_all(args, value);
        else if constexpr (detail::is_optional<T>)
            value ? args.add(*value) : args.add(nullptr);
        else if constexpr (detail::is_range<T>)
            detail::write_range(args, value);
        else
            static_assert(detail::never<T>, "this type cannot be an argument: specialize pancar::Convert for it");
    }

    /// Reads a value; see `Value::get`.
    static T read(const Value &value)
    {
        if constexpr (std::is_same_v<T, bool>)
            return detail::read<bool>(pancar_args_bool, value);
        else if constexpr (detail::is_whole_number<T>)
            return detail::read_whole_number<T>(value);
        else if constexpr (std::is_floating_point_v<T>)
            return static_cast<T>(detail::read<double>(pancar_args_f64, value));
        else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>)
            return T(detail::to_view(detail::read<pancar_str>(pancar_args_str, value)));
        else if constexpr (std::is_same_v<T, Bytes>)
            return Bytes(detail::read<pancar_bytes>(pancar_args_bytes, value));
        else if constexpr (std::is_same_v<T, Json>)
            return Json{std::string(value.json())};
        else if constexpr (detail::is_optional<T>)
            return is_given(value) ? T(value.get<typename T::value_type>()) : T();
        else if constexpr (detail::is_vector<T> && detail::is_byte_container<T>)
            return detail::read_bytes<T>(value);
        else if constexpr (detail::is_vector<T>)
            return detail::read_vector<T>(value);
        else
            static_assert(detail::never<T>, "an argument cannot be read so: specialize pancar::Convert for this type");
    }

private:
    static bool is_given(const Value &value)
    {
        const Kind kind = value.kind();
        return kind != Kind::missing && kind != Kind::null;
    }

    static void write_all(Args &args, ArgsView others)
    {
        // Counted first: both may be the same.
        for (std::size_t index = 0, count = others.size(); index < count; ++index)
            args.add(others[index]);
    }
};

} // namespace pancar

#endif

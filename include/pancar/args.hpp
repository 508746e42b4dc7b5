/// Arguments of events: reading and writing; part of pancar.hpp.
#ifndef PANCAR_ARGS_HPP
#define PANCAR_ARGS_HPP

#include "bytes.hpp"
#include "error.hpp"

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace pancar {

class Args;
class ArgsView;

/// Of what kind a value is.
enum class Kind : pancar_kind {
    missing = PANCAR_KIND_MISSING, ///< There is no such value.
    null = PANCAR_KIND_NULL,       ///< Null.
    boolean = PANCAR_KIND_BOOL,    ///< True or false.
    number = PANCAR_KIND_NUMBER,   ///< A number.
    string = PANCAR_KIND_STRING,   ///< A string.
    array = PANCAR_KIND_ARRAY,     ///< An array.
    object = PANCAR_KIND_OBJECT,   ///< An object.
    binary = PANCAR_KIND_BINARY,   ///< Bytes.
};

/// A value as JSON text, to be sent as it is: `emit("state", pancar::Json{R"({"x":1})"})`.
struct Json {
    std::string text; ///< One JSON value.
};

/// How a type of C++ is written to arguments and read from them; convert.hpp has those that are known. For a type of
/// your own:
///
///     template <>
///     struct pancar::Convert<Point> {
///         static void write(pancar::Args &args, const Point &point)
///         {
///             args.begin_object().key("x").add(point.x).key("y").add(point.y).end_object();
///         }
///         static Point read(const pancar::Value &value)
///         {
///             return {value.field("x").get<int>(), value.field("y").get<int>()};
///         }
///     };
template <class T, class Enable = void>
struct Convert;

/// One value in arguments: an argument, a field, an item. A view that is cheap to copy and lives as long as the
/// arguments do; given to `emit` it is sent as it is, binary included. Any thread.
class Value {
public:
    /// A value that is missing.
    constexpr Value() noexcept = default;

    /// The argument of an index, which may be past the end.
    constexpr Value(const pancar_args *args, std::size_t index) noexcept : args_(args), index_(index) {}

    /// Its kind: `Kind::missing` where there is no such argument or field.
    Kind kind() const noexcept
    {
        return args_ ? static_cast<Kind>(pancar_args_kind(args_, index_)) : Kind::missing;
    }

    /// Whether there is such a value; null is one.
    bool exists() const noexcept { return kind() != Kind::missing; }

    /// The value as a `bool`, a whole or floating-point number, `std::string`, `std::string_view`, `Bytes`,
    /// `std::vector<std::uint8_t>`, a `std::vector` or `std::optional` of those, `Json`, or whatever has a `Convert`.
    /// Views live as long as the arguments. A `std::optional` is empty where the value is missing or null.
    ///
    /// Throws `Error`: `not_found` when it is missing, `wrong_type` when it is of another kind or does not fit.
    template <class T>
    T get() const
    {
        return Convert<T>::read(*this);
    }

    /// The JSON text, as it was written; binary in it is a placeholder. Lives as long as the arguments.
    ///
    /// Throws `Error`: `not_found`.
    std::string_view json() const
    {
        pancar_str text{};
        detail::check(pancar_args_json(c_args(), index_, &text));
        return detail::to_view(text);
    }

    /// A field of an object; a missing value where there is no such key, or no such object.
    ///
    /// Throws `Error`: `wrong_type` when the value exists and is no object.
    Value field(std::string_view key) const;

    /// The items of an array.
    ///
    /// Throws `Error`: `not_found`, `wrong_type`.
    ArgsView items() const;

    /// Where the value stands, for calls of the C interface. Throws `Error`: `not_found` when it is missing.
    const pancar_args *c_args() const
    {
        if (!args_)
            throw Error(Status::not_found, "there is no such value");
        return args_;
    }

    /// As `c_args`: the index.
    std::size_t index() const noexcept { return index_; }

private:
    const pancar_args *args_ = nullptr;
    std::size_t index_ = 0;
};

namespace detail {

/// Goes through anything that has `operator[]`; a view, which is kept.
template <class View>
class Iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = decltype(std::declval<const View &>()[0]);
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = value_type;

    Iterator(View view, std::size_t index) : view_(view), index_(index) {}
    value_type operator*() const { return view_[index_]; }
    Iterator &operator++() { return ++index_, *this; }
    Iterator operator++(int) { return Iterator(view_, index_++); }
    bool operator==(const Iterator &other) const { return index_ == other.index_; }
    bool operator!=(const Iterator &other) const { return index_ != other.index_; }

private:
    View view_;
    std::size_t index_;
};

} // namespace detail

/// Arguments that belong to somebody else, in a handler to the event: cheap to copy, valid until the handler returns.
/// What is to be kept is made `Args`, which shares the memory. Given to `emit` all of them are sent as they are. Any
/// thread.
class ArgsView {
public:
    /// No arguments.
    constexpr ArgsView() noexcept = default;

    /// Those of the C interface; null is none.
    constexpr explicit ArgsView(const pancar_args *args) noexcept : c_(args) {}

    /// How many there are.
    std::size_t size() const noexcept { return c_ ? pancar_args_len(c_) : 0; }

    /// Whether there are none.
    bool empty() const noexcept { return size() == 0; }

    /// One of them; a missing value past the end.
    Value operator[](std::size_t index) const noexcept { return Value(c_, index); }

    /// One of them as a type of C++; see `Value::get`.
    template <class T>
    T get(std::size_t index) const
    {
        return (*this)[index].get<T>();
    }

    /// The kind of one of them; see `Value::kind`.
    Kind kind(std::size_t index) const noexcept { return (*this)[index].kind(); }

    /// The JSON text of one of them; see `Value::json`.
    std::string_view json(std::size_t index) const { return (*this)[index].json(); }

    /// A field of one of them; see `Value::field`.
    Value field(std::size_t index, std::string_view key) const { return (*this)[index].field(key); }

    /// The items of one of them; see `Value::items`.
    ArgsView items(std::size_t index) const { return (*this)[index].items(); }

    /// All but the first `count`; shares the memory.
    Args skip(std::size_t count) const;

    /// All as one JSON array; binary in it is a placeholder.
    std::string to_json() const
    {
        return c_ ? detail::text_of([&](auto out) { return pancar_args_to_json(c_, out); }) : "[]";
    }

    /// Goes through them as `Value`s.
    detail::Iterator<ArgsView> begin() const { return {ArgsView(c_), 0}; }
    /// The end of them.
    detail::Iterator<ArgsView> end() const { return {ArgsView(c_), size()}; }

    /// For calls of the C interface; null when there are none. Still owned by whom it was.
    const pancar_args *c() const noexcept { return c_; }

protected:
    /// Borrowed here, owned in `Args`.
    const pancar_args *c_ = nullptr;
};

/// Arguments of one's own: to be written, sent, kept. A copy shares the memory until one of both is written to.
///
/// Every function that writes throws `Error`: `encode` where no value may stand and for numbers that JSON does not
/// have, `invalid_utf8` for text. The first failure sticks: whatever is done with these arguments from then on throws
/// it again. Writing ends the life of views, and only one thread at a time may do it. What has begun must be ended
/// before arguments can be read or sent.
class Args : public ArgsView {
public:
    /// No arguments.
    constexpr Args() noexcept = default;

    /// Keeps those of somebody else, as of an event when its handler has returned.
    explicit Args(ArgsView other)
    {
        if (other.c())
            adopt([&](auto out) { return pancar_args_clone(other.c(), out); });
    }

    /// A copy.
    Args(const Args &other) : Args(static_cast<const ArgsView &>(other)) {}

    /// Leaves the other one without arguments.
    Args(Args &&other) noexcept : ArgsView(other) { other.c_ = nullptr; }

    /// What the other one has; what was here is freed.
    Args &operator=(Args other) noexcept { return std::swap(c_, other.c_), *this; }

    ~Args() { pancar_args_free(const_cast<pancar_args *>(c_)); }

    /// One argument for each value; see `add`.
    template <class... Values>
    static Args of(const Values &...values)
    {
        Args args;
        (args.add(values), ...);
        return args;
    }

    /// From a JSON array such as `["a",1]`. Where a value is binary the text has `{"_placeholder":true,"num":k}` for
    /// the k-th attachment; attachments are copied.
    ///
    /// Throws `Error`: `encode` for what is no JSON array, and for a placeholder without its attachment.
    static Args from_json(std::string_view json_array, const std::vector<Bytes> &attachments = {})
    {
        std::vector<pancar_bytes> pieces(attachments.begin(), attachments.end());
        Args args;
        args.adopt([&](auto out) {
            return pancar_args_from_json(detail::to_c(json_array), pieces.data(), pieces.size(), out);
        });
        return args;
    }

    /// Adds a value: a string, a number, a `bool`, `nullptr`, `Bytes` or a container of bytes (binary), `Json` (as it
    /// is), a `Value`, `Args` or `ArgsView` (each of theirs), a `std::optional` (its value or null), a container (an
    /// array), a map (an object), or whatever has a `Convert`. As an argument, or as an item or field of what has
    /// begun.
    template <class T>
    Args &add(const T &value)
    {
        Convert<std::decay_t<const T>>::write(*this, value);
        return *this;
    }

    /// Begins an array: what is added next are its items.
    Args &begin_array() { return write(pancar_args_begin_array); }
    /// Ends the array that began last.
    Args &end_array() { return write(pancar_args_end_array); }
    /// Begins an object: keys and values follow in turn.
    Args &begin_object() { return write(pancar_args_begin_object); }
    /// The key of the value that is added next.
    Args &key(std::string_view key) { return write(pancar_args_key, detail::to_c(key)); }
    /// Ends the object that began last.
    Args &end_object() { return write(pancar_args_end_object); }

    /// Calls a function of the C interface that writes to arguments: `args.write(pancar_args_add_i64, 7)`.
    template <class Function, class... Values>
    Args &write(Function function, const Values &...values)
    {
        if (!c_)
            c_ = pancar_args_new();
        detail::check(function(const_cast<pancar_args *>(c_), values...));
        return *this;
    }

    /// Takes arguments that a function of the C interface gives away: `args.adopt([&](pancar_args **out) { return
    /// ...; })`.
    template <class Function>
    void adopt(Function &&function)
    {
        pancar_args *given = nullptr;
        detail::check(function(&given));
        pancar_args_free(const_cast<pancar_args *>(std::exchange(c_, given)));
    }
};

inline Value Value::field(std::string_view key) const
{
    const pancar_args *value = nullptr;
    const pancar_status status = args_ ? pancar_args_get(args_, index_, detail::to_c(key), &value) : PANCAR_NOT_FOUND;
    if (status == PANCAR_NOT_FOUND)
        return {};
    detail::check(status);
    return Value(value, 0);
}

inline ArgsView Value::items() const
{
    const pancar_args *items = nullptr;
    detail::check(pancar_args_items(c_args(), index_, &items));
    return ArgsView(items);
}

inline Args ArgsView::skip(std::size_t count) const
{
    Args rest;
    if (c_)
        rest.adopt([&](auto out) { return pancar_args_skip(c_, count, out); });
    return rest;
}

namespace detail {

/// Calls with arguments as the C functions take them. Those that exist already are not copied.
template <class Use, class... Values>
decltype(auto) with_args(Use &&use, const Values &...values)
{
    if constexpr (sizeof...(Values) == 0) {
        return use(static_cast<const pancar_args *>(nullptr));
    } else if constexpr (sizeof...(Values) == 1 && (std::is_base_of_v<ArgsView, Values> && ...)) {
        return use(values.c()...);
    } else {
        const Args args = Args::of(values...);
        return use(args.c());
    }
}

/// Calls with one value as JSON text, for what takes no binary.
template <class Use, class T>
void with_json(Use &&use, const T &value)
{
    const Args args = Args::of(value);
    if (args.c() && pancar_args_attachments(args.c()) > 0)
        throw Error(Status::encode, "bytes cannot be part of this value");
    use(to_c(args.json(0)));
}

} // namespace detail

} // namespace pancar

#endif

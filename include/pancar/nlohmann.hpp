/// Values of nlohmann::json as arguments; part of pancar.hpp where <nlohmann/json.hpp> can be had.
///
/// Written, their binary values become attachments. Read with `get<nlohmann::json>()`, attachments become binary
/// values.
#ifndef PANCAR_NLOHMANN_HPP
#define PANCAR_NLOHMANN_HPP

#include "convert.hpp"

#include <nlohmann/json.hpp>

namespace pancar {

namespace detail {

template <class J>
struct ConvertNlohmann {
    static void write(Args &args, const J &value)
    {
        switch (value.type()) {
        case J::value_t::object:
            args.begin_object();
            for (const auto &[key, field] : value.items())
                write(args.key(key), field);
            args.end_object();
            break;
        case J::value_t::array:
            args.begin_array();
            for (const J &item : value)
                write(args, item);
            args.end_array();
            break;
        case J::value_t::string:
            args.add(value.template get_ref<const typename J::string_t &>());
            break;
        case J::value_t::boolean:
            args.add(value.template get<bool>());
            break;
        case J::value_t::number_integer:
            args.add(value.template get<std::int64_t>());
            break;
        case J::value_t::number_unsigned:
            args.add(value.template get<std::uint64_t>());
            break;
        case J::value_t::number_float:
            args.add(value.template get<double>());
            break;
        case J::value_t::binary:
            args.add(Bytes(value.get_binary()));
            break;
        default:
            args.add(nullptr);
        }
    }

    static J read(const Value &value)
    {
        J json = J::parse(value.json());
        if (pancar_args_attachments(value.c_args()) > 0)
            restore(json, value);
        return json;
    }

private:
    /// Puts bytes in the places of their placeholders; which those are the library knows.
    static void restore(J &json, const Value &value)
    {
        switch (value.kind()) {
        case Kind::binary: {
            const Bytes bytes = value.get<Bytes>();
            json = J::binary(typename J::binary_t::container_type(bytes.begin(), bytes.end()));
            break;
        }
        case Kind::array: {
            const ArgsView items = value.items();
            for (std::size_t index = 0; index < items.size(); ++index)
                restore(json[index], items[index]);
            break;
        }
        case Kind::object:
            for (auto &[key, field] : json.items())
                restore(field, value.field(key));
            break;
        default:
            break;
        }
    }
};

} // namespace detail

/// See above.
template <>
struct Convert<nlohmann::json> : detail::ConvertNlohmann<nlohmann::json> {};

/// See above.
template <>
struct Convert<nlohmann::ordered_json> : detail::ConvertNlohmann<nlohmann::ordered_json> {};

} // namespace pancar

#endif

// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_COMBINED_HPP
#define PHONEAUTH_STORAGE_COMBINED_HPP

#include <phoneauth/policies.hpp>
#include <phoneauth/storage/forwarding.hpp>

namespace phoneauth {
inline namespace v0 {

/// A Storage put together from four parts, so that integrators can bring their own users table and take the rest from a
/// store that comes with the library. One object may serve as several parts; blocking and asynchronous ones mix.
///
///     phoneauth::combined_storage storage(memory, my_users, memory, memory);
///
/// @par Errors
/// What a part throws.
///
/// @par Thread safety
/// That of its parts.
///
/// @par Lifetime
/// It keeps references: the parts must outlive it.
template <TransactionStorage T, UserStorage U, SessionStorage S, CellStorage C>
class combined_storage : public forwarding_storage<combined_storage<T, U, S, C>> {
public:
    /// Only the transactions decide whether codes need a configured key.
    static constexpr bool process_local = is_process_local<T>;

    /// Puts the four parts together.
    combined_storage(T& transactions, U& users, S& sessions, C& cells)
        : transactions_(transactions), users_(users), sessions_(sessions), cells_(cells) {}

    /// Hands `operation` on to the part that it belongs to: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    auto perform(Operation operation, const Arguments&... arguments) {
        if constexpr (Operation::part == storage_part::transactions)
            return operation(transactions_, arguments...);
        else if constexpr (Operation::part == storage_part::users)
            return operation(users_, arguments...);
        else if constexpr (Operation::part == storage_part::sessions)
            return operation(sessions_, arguments...);
        else
            return operation(cells_, arguments...);
    }

private:
    T& transactions_;
    U& users_;
    S& sessions_;
    C& cells_;
};

}  // namespace v0
}  // namespace phoneauth

#endif

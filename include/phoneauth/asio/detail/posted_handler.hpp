// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_POSTED_HANDLER_HPP
#define PHONEAUTH_ASIO_DETAIL_POSTED_HANDLER_HPP

#include <concepts>
#include <memory>
#include <utility>

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// The completion handler of an operation, of whatever type, to be called with `Values…` once, by any thread. It runs
/// on its own executor, never within the call, and its context has work until then. Destroying one that was not called
/// destroys the coroutine that waits.
template <class... Values>
class posted_handler {
public:
    template <class Handler>
    requires(!std::same_as<Handler, posted_handler>) explicit posted_handler(Handler handler)
        : held_(std::make_unique<holder<Handler>>(std::move(handler))) {}

    /// False once it was called.
    explicit operator bool() const noexcept { return held_ != nullptr; }

    void operator()(Values... values) { std::exchange(held_, nullptr)->post(std::move(values)...); }

private:
    struct any_holder {
        virtual ~any_holder() = default;
        virtual void post(Values... values) = 0;
    };

    template <class Handler>
    class holder final : public any_holder {
    public:
        explicit holder(Handler&& handler) : work_(::asio::make_work_guard(handler)), handler_(std::move(handler)) {}

        void post(Values... values) override {
            ::asio::post(work_.get_executor(), [handler = std::move(handler_), ... v = std::move(values)]() mutable {
                std::move(handler)(std::move(v)...);
            });
        }

    private:
        decltype(::asio::make_work_guard(std::declval<Handler&>())) work_;
        Handler handler_;
    };

    std::unique_ptr<any_holder> held_;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

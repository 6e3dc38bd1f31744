// SPDX-License-Identifier: BSL-1.0
// libcurl's multi interface on epoll, by curl_multi_socket_action, which costs less than curl_multi_perform.

#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "client.hpp"

namespace bench {
namespace {

class loop {
public:
    loop(const load& l, tally& t) : load_(l), tally_(t), multi_(curl_multi_init()), epoll_(::epoll_create1(0)) {
        for (const auto& [name, value] : l.headers)
            headers_ = curl_slist_append(headers_, (name + ": " + value).c_str());
        headers_ = curl_slist_append(headers_, "Expect:");
        curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &loop::on_socket);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &loop::on_timer);
        curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(l.in_flight));
        transfers_.resize(l.in_flight);
    }
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;
    ~loop() {
        for (auto& each : transfers_) curl_easy_cleanup(each.easy);
        curl_multi_cleanup(multi_);
        curl_slist_free_all(headers_);
        ::close(epoll_);
    }

    void run() {
        for (auto& each : transfers_) {
            prepare(each);
            start(each);
        }
        std::array<epoll_event, 64> ready{};
        for (int running = 0; open_ > 0;) {
            const int n = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), static_cast<int>(wait_));
            for (int i = 0; i < n; ++i) {
                const auto events = ready[static_cast<std::size_t>(i)].events;
                const int what = (events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events & EPOLLOUT ? CURL_CSELECT_OUT : 0);
                curl_multi_socket_action(multi_, ready[static_cast<std::size_t>(i)].data.fd, what, &running);
            }
            if (n <= 0 || wait_ == 0) {
                wait_ = -1;
                curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
            }
            take_ended();
        }
    }

private:
    struct transfer {
        CURL* easy = nullptr;
        std::string body;
        tally::clock::time_point begun;
    };

    void prepare(transfer& t) {
        t.easy = curl_easy_init();
        curl_easy_setopt(t.easy, CURLOPT_PRIVATE, &t);
        curl_easy_setopt(t.easy, CURLOPT_URL, (load_.origin() + load_.path).c_str());
        curl_easy_setopt(t.easy, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
        curl_easy_setopt(t.easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(t.easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(load_.form.size()));
        curl_easy_setopt(t.easy, CURLOPT_POSTFIELDS, load_.form.c_str());
        curl_easy_setopt(t.easy, CURLOPT_HTTPHEADER, headers_);
        curl_easy_setopt(t.easy, CURLOPT_TIMEOUT, static_cast<long>(time_limit.count()));
        curl_easy_setopt(t.easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(t.easy, CURLOPT_WRITEFUNCTION, &loop::on_body);
        curl_easy_setopt(t.easy, CURLOPT_WRITEDATA, &t);
        if (load_.tls) curl_easy_setopt(t.easy, CURLOPT_CAINFO, load_.ca_file.c_str());
    }

    void start(transfer& t) {
        if (!tally_.begin()) return;
        t.body.clear();
        t.begun = tally::clock::now();
        curl_multi_add_handle(multi_, t.easy);
        ++open_;
    }

    void take_ended() {
        int left = 0;
        while (auto* message = curl_multi_info_read(multi_, &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            if (message->data.result != CURLE_OK)
                throw std::runtime_error(std::string("curl: ") + curl_easy_strerror(message->data.result));
            transfer* t = nullptr;
            long status = 0;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
            curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
            curl_multi_remove_handle(multi_, t->easy);
            --open_;
            tally_.end(t->begun, static_cast<unsigned>(status), t->body.size());
            start(*t);
        }
    }

    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) {
        static_cast<transfer*>(self)->body.append(data, size);
        return size;
    }
    static int on_timer(CURLM*, long milliseconds, void* self) {
        static_cast<loop*>(self)->wait_ = milliseconds;
        return 0;
    }
    static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void* known) {
        auto& me = *static_cast<loop*>(self);
        epoll_event event{};
        event.data.fd = socket;
        event.events =
            (what & CURL_POLL_IN ? unsigned{EPOLLIN} : 0u) | (what & CURL_POLL_OUT ? unsigned{EPOLLOUT} : 0u);
        if (what == CURL_POLL_REMOVE) {
            ::epoll_ctl(me.epoll_, EPOLL_CTL_DEL, socket, nullptr);
        } else {
            ::epoll_ctl(me.epoll_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
            curl_multi_assign(me.multi_, socket, self);
        }
        return 0;
    }

    const load& load_;
    tally& tally_;
    CURLM* multi_;
    int epoll_;
    curl_slist* headers_ = nullptr;
    std::vector<transfer> transfers_;
    std::size_t open_ = 0;
    long wait_ = 0;
};

}  // namespace

void send_with_curl(const load& l, tally& t) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    loop(l, t).run();
    curl_global_cleanup();
}

}  // namespace bench

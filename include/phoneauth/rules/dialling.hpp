// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_DIALLING_HPP
#define PHONEAUTH_RULES_DIALLING_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <phoneauth/version.hpp>

// How numbers are dialled in the world's countries, as data, and what follows from it.

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// How the numbers of one calling code are dialled.
struct dialling_rule {
    /// The country code (ITU-T E.164).
    std::string_view calling_code;
    /// National prefixes, which are dropped behind the calling code; several with spaces between them. Those that went
    /// out of use are among them if people still write them. Empty: there are none.
    std::string_view national_prefixes;
    /// Prefixes for abroad, likewise. `00` is understood everywhere.
    std::string_view prefixes_for_abroad;
    /// Bit n: a national (significant) number may have n digits. With `open_plan`: that of a mobile phone.
    std::uint16_t lengths;
    /// What such a number may begin with, likewise; empty: 1 to 9.
    std::string_view beginnings = {};
    /// Of the constants below.
    unsigned traits = 0;
};

/// There are other numbers besides, of 4 digits and more: of area codes and subscribers' numbers of any length, where
/// without the national prefix nobody can tell whether the area code is there. With `keeps_zero` they begin with 0.
inline constexpr unsigned open_plan = 1;
/// Numbers may begin with 0, and keep it behind the calling code: it looks like a national prefix, but stays.
inline constexpr unsigned keeps_zero = 2;

/// `dialling_rule::lengths`.
template <class... N>
constexpr std::uint16_t digits(N... n) noexcept {
    return static_cast<std::uint16_t>((0u | ... | (1u << n)));
}

/// All calling codes of countries, in the order of their digits; behind each, the countries (ISO 3166). From the
/// ITU's lists: "Dialling procedures" (annex to Operational Bulletin No. 994, 15.XII.2011), the national numbering plans
/// that were notified since (E.129; among others Mexico 2019, Gabon 2019, Ivory Coast 2021, Colombia 2021, Lithuania
/// 2023, Benin 2024), and "Assigned country codes" (E.164.D). Lengths and beginnings are those of telephones, without
/// short, premium and machines' numbers, and without old landlines that are shorter than all others; where a plan does
/// not tell certainly, `open_plan`. Checked against the metadata of libphonenumber 8.13.48.
inline constexpr dialling_rule dialling_rules[] = {
    {"1", "1", "011", digits(10), "2 3 4 5 6 7 8 9"},                       // US AG AI …
    {"20", "0", "00", digits(10), "10 11 12 15", open_plan},                // EG
    {"211", "0", "00", digits(9)},                                          // SS
    {"212", "0", "00", digits(9)},                                          // MA EH
    {"213", "0", "00", digits(8, 9)},                                       // DZ
    {"216", "", "00", digits(8)},                                           // TN
    {"218", "0", "00", digits(8, 9)},                                       // LY
    {"220", "", "00", digits(7)},                                           // GM
    {"221", "", "00", digits(9)},                                           // SN
    {"222", "", "00", digits(8)},                                           // MR
    {"223", "", "00", digits(8)},                                           // ML
    {"224", "", "00", digits(8, 9)},                                        // GN
    {"225", "", "00", digits(10), "", keeps_zero},                          // CI
    {"226", "", "00", digits(8), "", keeps_zero},                           // BF
    {"227", "", "00", digits(8)},                                           // NE
    {"228", "", "00", digits(8)},                                           // TG
    {"229", "", "00", digits(10), "", keeps_zero},                          // BJ
    {"230", "", "00", digits(7, 8)},                                        // MU
    {"231", "0", "00", digits(7, 8, 9)},                                    // LR
    {"232", "0", "00", digits(8)},                                          // SL
    {"233", "0", "00", digits(9)},                                          // GH
    {"234", "0", "009", digits(8, 10)},                                     // NG
    {"235", "", "00", digits(8)},                                           // TD
    {"236", "", "00", digits(8)},                                           // CF
    {"237", "", "00", digits(9)},                                           // CM
    {"238", "", "00", digits(7)},                                           // CV
    {"239", "", "00", digits(7)},                                           // ST
    {"240", "", "00", digits(9)},                                           // GQ
    {"241", "0", "00", digits(8), "1 6 7"},                                 // GA
    {"242", "", "00", digits(9), "", keeps_zero},                           // CG
    {"243", "0", "00", digits(7, 9)},                                       // CD
    {"244", "", "00", digits(9)},                                           // AO
    {"245", "", "00", digits(9)},                                           // GW
    {"246", "", "00", digits(7)},                                           // IO
    {"247", "", "00", digits(5, 6)},                                        // AC
    {"248", "", "00", digits(7)},                                           // SC
    {"249", "0", "00", digits(9)},                                          // SD
    {"250", "0", "00", digits(8, 9)},                                       // RW
    {"251", "0", "00", digits(9)},                                          // ET
    {"252", "0", "00", digits(7, 8, 9)},                                    // SO
    {"253", "", "00", digits(8)},                                           // DJ
    {"254", "0", "000", digits(9), "1 7", open_plan},                       // KE
    {"255", "0", "000", digits(9)},                                         // TZ
    {"256", "0", "000", digits(9)},                                         // UG
    {"257", "", "00", digits(8)},                                           // BI
    {"258", "", "00", digits(8, 9)},                                        // MZ
    {"260", "0", "00", digits(9)},                                          // ZM
    {"261", "0", "00", digits(9)},                                          // MG
    {"262", "0", "00", digits(9)},                                          // RE YT
    {"263", "0", "00", digits(9), "7", open_plan},                          // ZW
    {"264", "0", "00", digits(8, 9)},                                       // NA
    {"265", "0", "00", digits(7, 9)},                                       // MW
    {"266", "", "00", digits(8)},                                           // LS
    {"267", "", "00", digits(7, 8)},                                        // BW
    {"268", "", "00", digits(8)},                                           // SZ
    {"269", "", "00", digits(7)},                                           // KM
    {"27", "0", "00", digits(9)},                                           // ZA
    {"290", "", "00", digits(4, 5)},                                        // SH TA
    {"291", "0", "00", digits(7)},                                          // ER
    {"297", "", "00", digits(7)},                                           // AW
    {"298", "", "00", digits(6)},                                           // FO
    {"299", "", "00", digits(6)},                                           // GL
    {"30", "", "00", digits(10)},                                           // GR
    {"31", "0", "00", digits(9)},                                           // NL
    {"32", "0", "00", digits(8, 9)},                                        // BE
    {"33", "0", "00", digits(9)},                                           // FR
    {"34", "", "00", digits(9)},                                            // ES
    {"350", "", "00", digits(8)},                                           // GI
    {"351", "", "00", digits(9)},                                           // PT
    {"352", "", "00", digits(6, 8, 9)},                                     // LU
    {"353", "0", "00", digits(9), "8", open_plan},                          // IE
    {"354", "", "00", digits(7, 9)},                                        // IS
    {"355", "0", "00", digits(8, 9)},                                       // AL
    {"356", "", "00", digits(8)},                                           // MT
    {"357", "", "00", digits(8)},                                           // CY
    {"358", "0", "00", digits(8, 9, 10), "4 50", open_plan},                // FI AX
    {"359", "0", "00", digits(8, 9), "87 88 89 98 99", open_plan},          // BG
    {"36", "06", "00", digits(8, 9)},                                       // HU
    {"370", "0 8", "00", digits(8)},                                        // LT
    {"371", "", "00", digits(8)},                                           // LV
    {"372", "", "00", digits(7, 8)},                                        // EE
    {"373", "0", "00", digits(8)},                                          // MD
    {"374", "0", "00", digits(8)},                                          // AM
    {"375", "80 8 0", "810", digits(9)},                                    // BY
    {"376", "", "00", digits(6)},                                           // AD
    {"377", "0", "00", digits(8, 9)},                                       // MC
    {"378", "", "00", digits(8, 10), "", keeps_zero},                       // SM
    {"380", "0", "00", digits(9)},                                          // UA
    {"381", "0", "00", digits(8, 9, 10), "6", open_plan},                   // RS
    {"382", "0", "00", digits(8)},                                          // ME
    {"383", "0", "00", digits(8, 9)},                                       // XK
    {"385", "0", "00", digits(8, 9)},                                       // HR
    {"386", "0", "00", digits(8)},                                          // SI
    {"387", "0", "00", digits(8, 9)},                                       // BA
    {"389", "0", "00", digits(8)},                                          // MK
    {"39", "", "00", digits(9, 10), "3", open_plan | keeps_zero},           // IT VA
    {"40", "0", "00", digits(9)},                                           // RO
    {"41", "0", "00", digits(9)},                                           // CH
    {"420", "", "00", digits(9)},                                           // CZ
    {"421", "0", "00", digits(9)},                                          // SK
    {"423", "0", "00", digits(7, 9)},                                       // LI
    {"43", "0", "00", digits(10, 11, 12, 13), "6", open_plan},              // AT
    {"44", "0", "00", digits(10)},                                          // GB GG IM …
    {"45", "", "00", digits(8)},                                            // DK
    {"46", "0", "00", digits(9), "7", open_plan},                           // SE
    {"47", "", "00", digits(8)},                                            // NO SJ
    {"48", "", "00", digits(9)},                                            // PL
    {"49", "0", "00", digits(10, 11), "15 16 17", open_plan},               // DE
    {"500", "", "00", digits(5)},                                           // FK
    {"501", "", "00", digits(7)},                                           // BZ
    {"502", "", "00", digits(8)},                                           // GT
    {"503", "", "00", digits(8)},                                           // SV
    {"504", "", "00", digits(8)},                                           // HN
    {"505", "", "00", digits(8)},                                           // NI
    {"506", "", "00", digits(8)},                                           // CR
    {"507", "", "00", digits(7, 8)},                                        // PA
    {"508", "0", "00", digits(6)},                                          // PM
    {"509", "", "00", digits(8)},                                           // HT
    {"51", "0", "00", digits(8, 9)},                                        // PE
    {"52", "01 044 045", "00", digits(10), "2 3 4 5 6 7 8 9"},              // MX
    {"53", "0", "119", digits(8), "5 6", open_plan},                        // CU
    {"54", "0", "00", digits(11), "9"},                                     // AR
    {"55", "0", "00 0014 0015 0021 0031 0041", digits(10, 11)},             // BR
    {"56", "", "00", digits(9), "2 3 4 5 6 7 8 9"},                         // CL
    {"57", "0", "005 007 009", digits(10)},                                 // CO
    {"58", "0", "00", digits(10)},                                          // VE
    {"590", "0", "00", digits(9)},                                          // GP BL MF
    {"591", "0", "00", digits(8)},                                          // BO
    {"592", "", "001", digits(7)},                                          // GY
    {"593", "0", "00", digits(8, 9)},                                       // EC
    {"594", "0", "00", digits(9)},                                          // GF
    {"595", "0", "00", digits(9), "9", open_plan},                          // PY
    {"596", "0", "00", digits(9)},                                          // MQ
    {"597", "", "00", digits(6, 7)},                                        // SR
    {"598", "0", "00", digits(8)},                                          // UY
    {"599", "", "00", digits(7, 8)},                                        // CW BQ
    {"60", "0", "00", digits(9, 10), "1", open_plan},                       // MY
    {"61", "0", "0011", digits(9)},                                         // AU CC CX
    {"62", "0", "001 007 008", digits(9, 10, 11, 12), "8", open_plan},      // ID
    {"63", "0", "00", digits(10), "9", open_plan},                          // PH
    {"64", "0", "00", digits(8, 9, 10), "2", open_plan},                    // NZ
    {"65", "", "001 002 008", digits(8)},                                   // SG
    {"66", "0", "001", digits(8, 9)},                                       // TH
    {"670", "", "00", digits(7, 8)},                                        // TL
    {"672", "", "00", digits(6)},                                           // NF
    {"673", "", "00", digits(7)},                                           // BN
    {"674", "", "00", digits(7)},                                           // NR
    {"675", "", "00", digits(7, 8)},                                        // PG
    {"676", "", "00", digits(5, 7)},                                        // TO
    {"677", "", "00", digits(5, 7)},                                        // SB
    {"678", "", "00", digits(5, 7)},                                        // VU
    {"679", "", "00", digits(7)},                                           // FJ
    {"680", "", "011", digits(7)},                                          // PW
    {"681", "", "00", digits(6)},                                           // WF
    {"682", "", "00", digits(5)},                                           // CK
    {"683", "", "00", digits(4, 7)},                                        // NU
    {"685", "", "00", digits(5, 6, 7)},                                     // WS
    {"686", "0", "00", digits(5, 8)},                                       // KI
    {"687", "", "00", digits(6)},                                           // NC
    {"688", "", "00", digits(5, 6, 7)},                                     // TV
    {"689", "", "00", digits(8)},                                           // PF
    {"690", "", "00", digits(4, 5, 6, 7)},                                  // TK
    {"691", "", "011", digits(7)},                                          // FM
    {"692", "1", "011", digits(7)},                                         // MH
    {"7", "8", "810", digits(10), "3 4 5 6 7 8 9"},                         // RU KZ
    {"81", "0", "010", digits(9, 10)},                                      // JP
    {"82", "0", "001 002", digits(9, 10), "10 11 16 17 18 19", open_plan},  // KR
    {"84", "0", "00", digits(9, 10)},                                       // VN
    {"850", "0", "00", digits(10), "1", open_plan},                         // KP
    {"852", "", "001", digits(8)},                                          // HK
    {"853", "", "00", digits(8)},                                           // MO
    {"855", "0", "001 007", digits(8, 9)},                                  // KH
    {"856", "0", "00", digits(8, 10)},                                      // LA
    {"86", "0", "00", digits(11), "13 14 15 16 17 18 19", open_plan},       // CN
    {"880", "0", "00", digits(10), "1", open_plan},                         // BD
    {"886", "0", "002", digits(9), "9", open_plan},                         // TW
    {"90", "0", "00", digits(10)},                                          // TR
    {"91", "0", "00", digits(10)},                                          // IN
    {"92", "0", "00", digits(9, 10)},                                       // PK
    {"93", "0", "00", digits(9)},                                           // AF
    {"94", "0", "00", digits(9)},                                           // LK
    {"95", "0", "00", digits(7, 8, 9, 10), "9", open_plan},                 // MM
    {"960", "", "00", digits(7)},                                           // MV
    {"961", "0", "00", digits(7, 8)},                                       // LB
    {"962", "0", "00", digits(8, 9)},                                       // JO
    {"963", "0", "00", digits(8, 9)},                                       // SY
    {"964", "0", "00", digits(10), "7", open_plan},                         // IQ
    {"965", "", "00", digits(8)},                                           // KW
    {"966", "0", "00", digits(9)},                                          // SA
    {"967", "0", "00", digits(9), "7", open_plan},                          // YE
    {"968", "", "00", digits(8)},                                           // OM
    {"970", "0", "00", digits(8, 9)},                                       // PS
    {"971", "0", "00", digits(8, 9)},                                       // AE
    {"972", "0", "00", digits(8, 9)},                                       // IL
    {"973", "", "00", digits(8)},                                           // BH
    {"974", "", "00", digits(8)},                                           // QA
    {"975", "", "00", digits(7, 8)},                                        // BT
    {"976", "0", "001 002", digits(8), "5 6 7 8 9", open_plan},             // MN
    {"977", "0", "00", digits(10), "9", open_plan},                         // NP
    {"98", "0", "00", digits(10)},                                          // IR
    {"992", "8", "810", digits(9)},                                         // TJ
    {"993", "8", "810", digits(8)},                                         // TM
    {"994", "0", "00", digits(9)},                                          // AZ
    {"995", "0", "00", digits(9)},                                          // GE
    {"996", "0", "00", digits(9)},                                          // KG
    {"998", "8", "00 810", digits(9)},                                      // UZ
};

/// The rule of a calling code, or nullptr if it is no country's.
constexpr const dialling_rule* find_rule(std::string_view calling_code) noexcept {
    for (const auto& rule : dialling_rules)
        if (rule.calling_code == calling_code) return &rule;
    return nullptr;
}

/// The rule of the calling code that `number` begins with, or nullptr. No calling code begins another.
constexpr const dialling_rule* find_rule_of(std::string_view number) noexcept {
    for (const auto& rule : dialling_rules)
        if (number.starts_with(rule.calling_code)) return &rule;
    return nullptr;
}

/// Takes the first word off `words`.
constexpr std::string_view take_word(std::string_view& words) noexcept {
    const auto end = words.find(' ');
    const auto word = words.substr(0, end);
    words.remove_prefix(end == words.npos ? words.size() : end + 1);
    return word;
}

/// Whether `number`, digits without prefixes and calling code, is certainly a whole national number.
constexpr bool is_certain_number(const dialling_rule& rule, std::string_view number) noexcept {
    if (number.empty() || number.size() > 15 || (rule.lengths >> number.size() & 1u) == 0) return false;
    if (number.starts_with("00")) return false;  // from there one dials abroad
    if (number[0] == '0') return (rule.traits & keeps_zero) != 0 && (rule.traits & open_plan) == 0;
    auto beginnings = rule.beginnings;
    bool begins = beginnings.empty();
    while (!begins && !beginnings.empty()) begins = number.starts_with(take_word(beginnings));
    return begins;
}

/// Whether `number` can be a national number, if that is what it is meant as: behind a calling code or a national
/// prefix. A second calling code in front of a certain number never is.
constexpr bool is_possible_number(const dialling_rule& rule, std::string_view number) noexcept {
    if (is_certain_number(rule, number)) return true;
    if ((rule.traits & open_plan) == 0 || number.size() < 4 || number.size() + rule.calling_code.size() > 15)
        return false;
    if ((rule.traits & keeps_zero) != 0) return number[0] == '0' && number[1] != '0';
    if (number[0] == '0') return false;
    const bool repeats_code = number.starts_with(rule.calling_code);
    return !repeats_code || !is_certain_number(rule, number.substr(rule.calling_code.size()));
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif

// Shell completion: the script for a shell, and the live names that it asks for.
#include <iostream>
#include <set>

#include "attach/attach.hpp"
#include "cli/query.hpp"
#include "cli/verbs.hpp"

namespace jetway::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view bash_script =
    R"sh(# jetway completion for bash:  source <(jetway completion bash)
_jetway() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]}
    local verbs="run dev check status services routes trace call pipe rec completion"
    case $before in
        --machine) COMPREPLY=($(compgen -W "$(jetway complete machines 2>/dev/null)" -- "$word")); return ;;
        -o|--output) COMPREPLY=($(compgen -W "text json" -- "$word")); return ;;
    esac
    if [ "$COMP_CWORD" = 1 ]; then
        COMPREPLY=($(compgen -W "$verbs --help --version" -- "$word"))
        return
    fi
    case $verb in
        run|dev|check) COMPREPLY=($(compgen -f -X '!*.y*ml' -- "$word") $(compgen -d -- "$word")) ;;
        call|trace|services|routes) COMPREPLY=($(compgen -W "$(jetway complete services 2>/dev/null)" -- "$word")) ;;
        pipe) COMPREPLY=($(compgen -W "$(jetway complete pipelines 2>/dev/null) $(jetway complete services 2>/dev/null)" -- "$word")) ;;
        completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")) ;;
    esac
    case $word in
        -*) COMPREPLY=($(compgen -W "--machine --output --help" -- "$word")) ;;
    esac
}
complete -o filenames -F _jetway jetway
)sh";

constexpr std::string_view zsh_script = R"sh(#compdef jetway
# jetway completion for zsh:  source <(jetway completion zsh)
_jetway() {
    local -a verbs names
    verbs=(run dev check status services routes trace call pipe rec completion)
    if (( CURRENT == 2 )); then
        compadd -- $verbs --help --version
        return
    fi
    case ${words[CURRENT-1]} in
        --machine) names=(${(f)"$(jetway complete machines 2>/dev/null)"}); compadd -- $names; return ;;
        -o|--output) compadd -- text json; return ;;
    esac
    case ${words[2]} in
        run|dev|check) _files -g '*.y(a|)ml' ;;
        call|trace|services|routes) names=(${(f)"$(jetway complete services 2>/dev/null)"}); compadd -- $names ;;
        pipe) names=(${(f)"$(jetway complete pipelines 2>/dev/null)"} ${(f)"$(jetway complete services 2>/dev/null)"}); compadd -- $names ;;
        completion) compadd -- bash zsh fish ;;
        rec) _files ;;
    esac
}
compdef _jetway jetway
)sh";

constexpr std::string_view fish_script =
    R"sh(# jetway completion for fish:  jetway completion fish | source
set -l verbs run dev check status services routes trace call pipe rec completion
complete -c jetway -f
complete -c jetway -n "not __fish_seen_subcommand_from $verbs" -a "$verbs"
complete -c jetway -n "__fish_seen_subcommand_from run dev check" -F
complete -c jetway -n "__fish_seen_subcommand_from rec" -F
complete -c jetway -n "__fish_seen_subcommand_from call trace services routes pipe" -a "(jetway complete services 2>/dev/null)"
complete -c jetway -n "__fish_seen_subcommand_from pipe" -a "(jetway complete pipelines 2>/dev/null)"
complete -c jetway -n "__fish_seen_subcommand_from completion" -a "bash zsh fish"
complete -c jetway -l machine -x -a "(jetway complete machines 2>/dev/null)"
complete -c jetway -s o -l output -x -a "text json"
)sh";

std::set<std::string> service_names(const json::object& answer) {
    std::set<std::string> names;
    for (const json::object& row : objects_of(answer, "routes"))
        names.insert(text_of(row, "service"));
    return names;
}

std::set<std::string> pipeline_names(const json::object& answer) {
    constexpr std::string_view prefix = "pipeline ";
    std::set<std::string> names;
    const json::value* notes = answer.if_contains("notes");
    if (notes == nullptr || !notes->is_object()) return names;
    for (const auto& [key, value] : notes->get_object()) {
        const std::string_view name(key);
        if (name.starts_with(prefix)) names.emplace(name.substr(prefix.size()));
    }
    return names;
}

}  // namespace

Result<int> completion(const std::string& shell) {
    if (shell == "bash") {
        std::cout << bash_script;
    } else if (shell == "zsh") {
        std::cout << zsh_script;
    } else if (shell == "fish") {
        std::cout << fish_script;
    } else {
        return Error(Code::usage, "no completion for \"" + shell + "\"")
            .then("jetway completion bash, zsh or fish");
    }
    return 0;
}

Result<int> complete_names(const std::string& what) {
    if (what == "machines") {
        JETWAY_ASSIGN(const std::vector<std::string> machines, attach::running_machines());
        for (const std::string& machine : machines) std::cout << machine << "\n";
        return 0;
    }
    JETWAY_ASSIGN(Attachment attachment, attach_to({}, "complete"));
    const bool services = what == "services";
    JETWAY_ASSIGN(const json::object answer, ask(attachment, {}, services ? "services" : "status"));
    for (const std::string& name : services ? service_names(answer) : pipeline_names(answer))
        std::cout << name << "\n";
    return 0;
}

}  // namespace jetway::cli

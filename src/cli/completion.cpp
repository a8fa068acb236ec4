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
    # Bash makes three words of --machine=NAME.
    if [ "$word" = "=" ]; then word=; fi
    if [ "$before" = "=" ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi
    _jetway_names() { jetway complete "$1" -- "${COMP_WORDS[@]}" 2>/dev/null; }
    local verbs="run dev check simulate status services routes trace why timeline drain call pipe rec completion"
    case $before in
        -m|--machine) COMPREPLY=($(compgen -W "$(_jetway_names machines)" -- "$word")); return ;;
        -o|--output) COMPREPLY=($(compgen -W "text json" -- "$word")); return ;;
        --class) COMPREPLY=($(compgen -W "interactive normal bulk" -- "$word")); return ;;
    esac
    if [ "$COMP_CWORD" = 1 ]; then
        COMPREPLY=($(compgen -W "$verbs --help --version" -- "$word"))
        return
    fi
    case $verb in
        run|dev|check|simulate) COMPREPLY=($(compgen -f -X '!*.y*ml' -- "$word") $(compgen -d -- "$word")) ;;
        call|trace|services|routes) COMPREPLY=($(compgen -W "$(_jetway_names services)" -- "$word")) ;;
        why) COMPREPLY=($(compgen -W "$(_jetway_names services) $(_jetway_names peers)" -- "$word")) ;;
        timeline) COMPREPLY=($(compgen -W "$(_jetway_names peers)" -- "$word")) ;;
        pipe) COMPREPLY=($(compgen -W "$(_jetway_names pipelines) $(_jetway_names services)" -- "$word")) ;;
        completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")) ;;
    esac
    case $word in
        -*) local more=
            case $verb in
                routes) more=--watch ;;
                timeline) more="-n --last --since -f --follow" ;;
                call) more=--class ;;
                pipe) more="--class --set" ;;
                simulate) more="--fail --partition --all-single-failures --all-double-failures --watch" ;;
            esac
            COMPREPLY=($(compgen -W "-m --machine -o --output --help $more" -- "$word")) ;;
    esac
}
complete -o filenames -F _jetway jetway
)sh";

constexpr std::string_view zsh_script = R"sh(#compdef jetway
# jetway completion for zsh:  source <(jetway completion zsh)
_jetway() {
    local -a verbs names
    verbs=(run dev check simulate status services routes trace why timeline drain call pipe rec completion)
    if (( CURRENT == 2 )); then
        compadd -- $verbs --help --version
        return
    fi
    _jetway_names() { names=(${(f)"$(jetway complete $1 -- $words 2>/dev/null)"}); compadd "${@:2}" -- $names }
    case ${words[CURRENT-1]} in
        -m|--machine) _jetway_names machines; return ;;
        -o|--output) compadd -- text json; return ;;
        --class) compadd -- interactive normal bulk; return ;;
    esac
    case ${words[CURRENT]} in
        --machine=*) _jetway_names machines -P --machine=; return ;;
        -*) compadd -- -m --machine -o --output --help; return ;;
    esac
    case ${words[2]} in
        run|dev|check|simulate) _files -g '*.y(a|)ml' ;;
        call|trace|services|routes) _jetway_names services ;;
        why) _jetway_names services; _jetway_names peers ;;
        timeline) _jetway_names peers ;;
        pipe) _jetway_names pipelines; _jetway_names services ;;
        completion) compadd -- bash zsh fish ;;
        rec) _files ;;
    esac
}
compdef _jetway jetway
)sh";

constexpr std::string_view fish_script =
    R"sh(# jetway completion for fish:  jetway completion fish | source
set -l verbs run dev check simulate status services routes trace why timeline drain call pipe rec completion
complete -c jetway -f
complete -c jetway -n "not __fish_seen_subcommand_from $verbs" -a "$verbs"
complete -c jetway -n "__fish_seen_subcommand_from run dev check simulate" -F
complete -c jetway -n "__fish_seen_subcommand_from rec" -F
complete -c jetway -n "__fish_seen_subcommand_from call trace why services routes pipe" -a "(jetway complete services -- (commandline -opc) 2>/dev/null)"
complete -c jetway -n "__fish_seen_subcommand_from pipe" -a "(jetway complete pipelines -- (commandline -opc) 2>/dev/null)"
complete -c jetway -n "__fish_seen_subcommand_from why timeline" -a "(jetway complete peers -- (commandline -opc) 2>/dev/null)"
complete -c jetway -n "__fish_seen_subcommand_from completion" -a "bash zsh fish"
complete -c jetway -s m -l machine -x -a "(jetway complete machines 2>/dev/null)"
complete -c jetway -s o -l output -x -a "text json"
complete -c jetway -n '__fish_seen_subcommand_from call pipe' -l class -x -a "interactive normal bulk"
)sh";

std::set<std::string> service_names(const json::object& answer) {
    std::set<std::string> names;
    for (const json::object& row : objects_of(answer, "routes"))
        names.insert(text_of(row, "service"));
    return names;
}

std::set<std::string> pipeline_names(const json::object& answer) {
    std::set<std::string> names;
    for (const auto& [name, text] : pipelines_of(answer)) names.insert(name);
    return names;
}

std::set<std::string> machine_names(const json::object& answer) {
    std::set<std::string> names;
    for (const json::object& row : objects_of(answer, "machines"))
        names.insert(text_of(row, "machine"));
    return names;
}

/// The machine that a command line names: -m NAME, -mNAME, --machine NAME, --machine=NAME (three
/// words in bash).
std::string machine_on(const std::vector<std::string>& words) {
    constexpr std::string_view joined = "--machine=";
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "-m" || word == "--machine") {
            if (i + 1 < words.size() && words[i + 1] == "=") ++i;
            return i + 1 < words.size() ? words[i + 1] : std::string();
        }
        if (word.starts_with(joined)) return word.substr(joined.size());
        if (word.starts_with("-m")) return word.substr(2);
    }
    return {};
}

/// Whose daemons to ask: all of this host when none is named.
Result<std::vector<std::string>> machines_to_ask(const std::vector<std::string>& words) {
    const auto chosen = attach::choose_machine(machine_on(words));
    if (chosen) return std::vector<std::string>{*chosen};
    if (chosen.error().code == Code::ambiguous) return attach::running_machines();
    return chosen.error();
}

Result<std::set<std::string>> names_from(const std::string& machine, const std::string& what) {
    JETWAY_ASSIGN(Attachment attachment, attach_to(machine, "complete"));
    const bool pipelines = what == "pipelines";
    const bool peers = what == "peers";
    JETWAY_ASSIGN(const json::object answer, ask(attachment, {},
                                                 pipelines ? "status"
                                                 : peers   ? "machines"
                                                           : "services"));
    return pipelines ? pipeline_names(answer)
           : peers   ? machine_names(answer)
                     : service_names(answer);
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

Result<int> complete_names(const CompleteOptions& options) {
    std::set<std::string> names;
    if (options.what == "machines") {
        JETWAY_ASSIGN(const std::vector<std::string> machines, attach::running_machines());
        names.insert(machines.begin(), machines.end());
    } else {
        JETWAY_ASSIGN(const std::vector<std::string> machines, machines_to_ask(options.words));
        for (const std::string& machine : machines) {
            // One that goes meanwhile, or does not answer, takes nothing from what others know.
            if (auto known = names_from(machine, options.what)) names.merge(*known);
        }
    }
    for (const std::string& name : names) std::cout << name << "\n";
    return 0;
}

}  // namespace jetway::cli

internal import ArgumentParsing
internal import Manifest
internal import Syscalls
internal import Weave

/// `rwv completions SHELL`: the script that makes a shell complete rwv's command lines, and what the script asks.
enum Completions {
    static let verb = Verb(CommandSpec(
        "completions", "print a script that completes rwv's command lines",
        positionals: [PositionalSpec("SHELL", "bash, zsh or fish"), PositionalSpec("WORD", "with 'candidates' for SHELL: the words of a command line", .rest)],
        details: """
            'make install' puts the scripts where the shells look for them. For a shell that is running:
            source <(rwv completions bash)

            The scripts ask 'rwv completions candidates WORD…' what may stand for the last word: a candidate a line, behind a tab
            what it means; ':files' and ':directories' for what the shell knows better.
            """, passesOnAfter: 1)
    ) { session in
        switch session.arguments[0] ?? "" {
        case "candidates": candidates(Array(session.arguments.positionals.dropFirst()), session)
        case let shell:
            guard let script = CompletionScripts.all[shell] else {
                throw CommandFailure("no completions for '\(shell)'", hint: "there are scripts for bash, zsh and fish", status: 2)
            }
            session.output.print(script, terminator: "")
        }
    }

    /// Nothing that goes wrong is worth a word while somebody types.
    private static func candidates(_ words: [String], _ session: Session) {
        let completion = Program.parser.completion(of: words)
        for word in completion.words { session.output.print("\(word.text)\t\(word.help)") }
        guard let place = completion.place else { return }
        let values = (try? Self.values(place, completion.before, session)) ?? []
        for value in values where value.hasPrefix(completion.typed) || value.hasPrefix(":") { session.output.print(value.hasPrefix(":") ? value : completion.head + value) }
    }

    /// What can stand in a place, by the name that usages give it.
    private static func values(_ place: Completion.Place, _ before: ParsedArguments, _ session: Session) throws -> [String] {
        func context() throws -> Context { try Session(before, session.output, session.service).context() }
        switch (place.command, place.name) {
        case ("init", _), ("fetch", "NAME"): return []
        case (_, "PROJECT"), (_, "P"): return try context().weave.allProjects().map(\.text)
        case (_, "WORKWEAVE"): return try context().weave.workweaveRecords().map(\.name)
        case ("workweave", "ACTION"): return ["create", "delete", "list", "sync", "engine"]
        case ("workweave", "NAME"):
            return before.positionals.count > 1 && before.positionals[1] == "create" ? [] : try context().weave.workweaveRecords().filter { $0.project == before.positionals[0] }.map(\.name)
        case ("remove", "PATH"), (_, "PATH=REV"):
            let named = place.command == "workweave" ? try before.positionals.first.map { try ProjectName($0) } : nil
            let context = try context(), project = try named ?? context.requireProject()
            return try context.readManifest(project).repositories.map { place.name == "PATH" ? $0.path.text : $0.path.text + "=" }
        case (_, "ROLE"): return Role.allCases.map(\.rawValue)
        case (_, "ENGINE"): return ["auto", "fuse", "kernel", "checkout"]
        case (_, "SHELL"): return CompletionScripts.all.keys.sorted()
        case (_, "PAGE"): return Manual.pages
        case (_, "DIR"): return [":directories"]
        case (_, "SOURCE"), (_, "CMD"), (_, "COMMAND"): return [":files"]
        default: return []
        }
    }
}

/// The scripts. All they know is how to ask.
enum CompletionScripts {
    static let all = ["bash": bash, "zsh": zsh, "fish": fish]

    private static let bash = """
        # Completes rwv's command lines in bash.
        _rwv() {
            local line IFS=$'\\n' word=${COMP_WORDS[COMP_CWORD]}
            [ "$word" != = ] || word=
            COMPREPLY=()
            for line in $("${COMP_WORDS[0]}" completions candidates -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null); do
                case $line in
                    :files) compopt -o filenames; COMPREPLY+=($(compgen -f -- "$word")) ;;
                    :directories) compopt -o filenames; COMPREPLY+=($(compgen -d -- "$word")) ;;
                    *) COMPREPLY+=("${line%%$'\\t'*}") ;;
                esac
            done
            case ${COMPREPLY[0]} in *=) compopt -o nospace ;; esac
        }
        complete -F _rwv rwv

        """

    private static let zsh = """
        #compdef rwv
        # Completes rwv's command lines in zsh.
        _rwv() {
            local line
            local -a found
            for line in "${(@f)$("${words[1]}" completions candidates -- "${(@)words[2,CURRENT]}" 2> /dev/null)}"; do
                case $line in
                    ('') ;;
                    (:files) _files ;;
                    (:directories) _files -/ ;;
                    (*$'\\t'*) found+=("${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}") ;;
                    (*) found+=("${line//:/\\\\:}") ;;
                esac
            done
            (( ! $#found )) || _describe rwv found
        }
        if [ "$funcstack[1]" = _rwv ]; then _rwv "$@"; else compdef _rwv rwv; fi

        """

    private static let fish = """
        # Completes rwv's command lines in fish.
        function __rwv_candidates
            set -l words (commandline -opc) (commandline -ct)
            for line in ($words[1] completions candidates -- $words[2..-1] 2> /dev/null)
                switch $line
                    case :files
                        __fish_complete_path (commandline -ct)
                    case :directories
                        __fish_complete_directories (commandline -ct)
                    case '*'
                        echo $line
                end
            end
        end
        complete -c rwv -f -a '(__rwv_candidates)'

        """
}

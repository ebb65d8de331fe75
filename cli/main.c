/* The program: finds the command, runs it, makes sure that its output arrived. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/output.h"

/* A descriptor 0, 1 or 2 that the caller closed would be given to the next file that
 * is opened, and messages would land in it.  Taken by one that refuses writes. */
static void hold_standard_files(void)
{
    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDONLY) != fd) _exit(CLI_FAILED);
    }
}

/* As POSIX orders them; a test fails on a help text without its Chinese. */
static alx_language environment_language(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value) return strncmp(value, "zh", 2) ? ALX_ENGLISH : ALX_CHINESE;
    }
    return ALX_ENGLISH;
}

bool cli_begin(const cli_call *call, cli_arguments *arguments, void *config, int *exit_code)
{
    *exit_code = CLI_USAGE;
    if (!cli_options_read(call->command->options, config, arguments, call->argc, call->argv)) {
        cli_arguments_finish(arguments);
        return false;
    }
    if (!arguments->help) return true;
    *exit_code = CLI_DONE;
    cli_print_help(call->command, arguments->language ? (alx_language)(arguments->language - 1) : call->language);
    cli_arguments_finish(arguments);
    return false;
}

bool cli_begin_catalogue(const cli_call *call, const char *example, const char **name, alx_language *language,
                         int *exit_code)
{
    cli_arguments arguments = {0};
    if (!cli_begin(call, &arguments, NULL, exit_code)) return false;
    const int count = arguments.operand_count;
    *name = count ? arguments.operands[0] : NULL;
    *language = arguments.language ? (alx_language)(arguments.language - 1) : call->language;
    cli_arguments_finish(&arguments);
    if (count <= 1) return true;
    const char *command = call->command->name;
    *exit_code = cli_usage_error("%s takes at most one name: alexnet %s %s", command, command, example);
    return false;
}

int cli_unknown_name(const cli_nearest *nearest, const char *what, const char *command)
{
    if (nearest->best[0])
        return cli_usage_error("there is no %s %s; did you mean %s?", what, nearest->word, nearest->best);
    return cli_usage_error("there is no %s %s; alexnet %s lists them", what, nearest->word, command);
}

static int unknown_command(const char *name)
{
    cli_nearest nearest = {.word = name};
    for (const cli_command *command = cli_commands; command->name; command++) cli_nearest_try(&nearest, command->name);
    if (nearest.best[0]) return cli_usage_error("there is no command %s; did you mean %s?", name, nearest.best);
    return cli_usage_error("there is no command %s; alexnet --help lists them", name);
}

static int help(const char *name, alx_language language)
{
    if (!name) {
        cli_print_overview(stdout, language);
        return CLI_DONE;
    }
    const cli_command *command = cli_command_find(name);
    if (!command) return unknown_command(name);
    cli_print_help(command, language);
    return CLI_DONE;
}

static int print_version(void)
{
    char engine[32];
    printf("alexnet %s (oneDNN %s)\n", alx_version(), alx_engine_version(engine));
    return CLI_DONE;
}

typedef struct global_options {
    int version;
} global_options;

static const cli_option global_table[] = {
    {"version", 'V', CLI_FLAG, offsetof(global_options, version), NULL, 0, 0, {"print the version", "显示版本"}},
    {0},
};

/* Options before the command: --help, --version, --lang. Returns how many words they are, -1 on a mistake. */
static int read_globals(global_options *options, cli_arguments *arguments, int argc, char **argv)
{
    int count = 0;
    while (count < argc && argv[count][0] == '-') count += strcmp(argv[count], "--lang") ? 1 : 2;
    if (count > argc) count = argc;
    bool good = cli_options_read(global_table, options, arguments, count, argv);
    cli_arguments_finish(arguments);
    return good ? count : -1;
}

static int run(int argc, char **argv)
{
    global_options options = {0};
    cli_arguments arguments = {0};
    int first = read_globals(&options, &arguments, argc, argv);
    if (first < 0) return CLI_USAGE;
    alx_language language = arguments.language ? (alx_language)(arguments.language - 1) : environment_language();
    if (options.version) return print_version();
    if (arguments.help) return help(first < argc ? argv[first] : NULL, language);
    if (first == argc) {
        cli_print_overview(stderr, language);
        return CLI_USAGE;
    }
    if (!strcmp(argv[first], "help")) return help(first + 1 < argc ? argv[first + 1] : NULL, language);
    const cli_command *command = cli_command_find(argv[first]);
    if (!command) return unknown_command(argv[first]);
    cli_call call = {.language = language, .command = command, .argc = argc - first - 1, .argv = argv + first + 1};
    return command->run(&call);
}

int main(int argc, char **argv)
{
    hold_standard_files();
    signal(SIGPIPE, SIG_IGN); /* a failed write is told by write */
    return cli_finish_output(run(argc - 1, argv + 1));
}

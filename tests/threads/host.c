/*
 * A server of threads, as small as it can be: runs one PHP script in several threads of a thread-safe PHP at once.
 *
 *     host INI SCRIPT THREADS TURNS WAVES
 *
 * Each of WAVES times THREADS threads are started; each runs the script TURNS times, as a request each, with the number of
 * the thread and of the turn in $argv. Nobody begins a turn before everybody has ended the one before, so that all do the
 * same at the same time. The last line says how many threads of the process are left when all of them are gone.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <sapi/embed/php_embed.h>

static char *script;
static int threads, turns;
static pthread_barrier_t together;

static int request(int number, int turn)
{
    char thread[12], of_turn[12];
    char *arguments[] = {script, thread, of_turn, NULL};
    zend_file_handle file;

    snprintf(thread, sizeof thread, "%d", number);
    snprintf(of_turn, sizeof of_turn, "%d", turn);
    SG(request_info).argc = 3;
    SG(request_info).argv = arguments;
    SG(options) |= SAPI_OPTION_NO_CHDIR;
    if (php_request_startup() == FAILURE) {
        return 1;
    }
    SG(headers_sent) = 1;
    SG(request_info).no_headers = 1;
    zend_stream_init_filename(&file, script);
    php_execute_script(&file);
    zend_destroy_file_handle(&file);
    php_request_shutdown(NULL);
    return 0;
}

static void *run(void *argument)
{
    int number = (int) (size_t) argument;
    size_t failed = 0;

    (void) ts_resource(0);
    for (int turn = 0; turn < turns; turn++) {
        pthread_barrier_wait(&together);
        failed += request(number, turn);
    }
    ts_free_thread();
    return (void *) failed;
}

static int tasks(void)
{
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        count += entry->d_name[0] != '.';
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return count;
}

int main(int argc, char **argv)
{
    size_t failed = 0;

    if (argc != 6) {
        fprintf(stderr, "usage: host INI SCRIPT THREADS TURNS WAVES\n");
        return 64;
    }
    script = argv[2];
    threads = atoi(argv[3]);
    turns = atoi(argv[4]);
    pthread_t *all = calloc((size_t) threads, sizeof *all);
    if (all == NULL || pthread_barrier_init(&together, NULL, (unsigned) threads) != 0) {
        return 71;
    }
    php_embed_module.php_ini_path_override = argv[1];
    if (php_embed_init(1, argv) == FAILURE) {
        return 70;
    }
    for (int wave = 0; wave < atoi(argv[5]); wave++) {
        for (int number = 0; number < threads; number++) {
            if (pthread_create(&all[number], NULL, run, (void *) (size_t) number) != 0) {
                return 71;
            }
        }
        for (int number = 0; number < threads; number++) {
            void *bad;
            pthread_join(all[number], &bad);
            failed += (size_t) bad;
        }
    }
    printf("threads left: %d\n", tasks());
    fflush(stdout);
    php_embed_shutdown();
    free(all);
    return failed == 0 ? 0 : 1;
}

/* The sections of a report, in order, and the page that they make. */
#include <stdio.h>
#include <string.h>

#include "cli/output.h"
#include "cli/report.h"
#include "report/whole_file.h"

typedef enum when {
    FINISHED,  /* of a run's model: not while it trains */
    ALWAYS,    /* while it trains too, where it stays the same */
    EACH_EPOCH /* and changes */
} when;

typedef struct section {
    const char *id, *title[2], *intro[2];
    cli_figure *figure; /* or */
    alx_status (*write)(cli_report *r, alx_page *page, alx_error *err);
    when when;
} section;

static const section SECTIONS[] = {
    {"summary",
     {"At a glance", "概览"},
     {"Judge the accuracy by its interval: two models whose intervals overlap widely may be equally good.",
      "看准确率要连同区间一起看：两个模型的区间若大部分重叠，很可能不分高下。"},
     NULL,
     cli_write_summary,
     EACH_EPOCH},
    {"recipe",
     {"Recipe", "配方"},
     {"What was trained and how. The same recipe, data, machine and number of threads give the same weights, bit for "
      "bit.",
      "训练了什么、怎样训练。配方、数据、机器和线程数都相同，得到的权重逐位相同。"},
     NULL,
     cli_write_recipe,
     ALWAYS},
    {"model",
     {"Network", "网络"},
     {"From the input on, with each layer's shape and parameters. Where one layer holds nearly all parameters or takes "
      "nearly all time, that is where a smaller network begins.",
      "从输入开始，标出每层的形状和参数。如果某一层几乎占去全部参数或时间，想把网络做小就从它下手。"},
     cli_figure_model,
     NULL,
     ALWAYS},
    {"curves",
     {"Curves", "训练曲线"},
     {"Both losses should fall and flatten. Alarming: validation loss that rises while training loss still falls "
      "(overfitting), a loss that does not move at all, or jumps.",
      "两条损失都应下降并趋于平缓。值得警惕：训练损失还在降而验证损失回升（过拟合），损失纹丝不动，或忽上忽下。"},
     cli_figure_curves,
     NULL,
     EACH_EPOCH},
    {"samples",
     {"Sample images", "样本图片"},
     {"As the network is given them. Alarming: wrong labels, cropped subjects, images that you could not tell apart "
      "yourself.",
      "网络实际看到的图片。值得警惕：标签有错，主体被裁掉，或者连人也分不清的图片。"},
     cli_figure_samples,
     NULL,
     ALWAYS},
    {"augmented",
     {"Augmented images", "数据增强"},
     {"The same images as training sees them in its first epochs. Alarming: changes that also change what the label "
      "says, such as a mirrored letter.",
      "同一张图片在最初几轮里的样子。值得警惕：变换改变了标签的含义，例如把文字左右翻转。"},
     cli_figure_augmented,
     NULL,
     ALWAYS},
    {"findings",
     {"Findings in the data", "数据检查"},
     {"What alexnet check-data finds, but for near duplicates. Alarming above all: images that train and validate at "
      "once, which make every figure here too good.",
      "alexnet check-data 的发现（近似重复除外）。最要警惕的是同一张图既训练又验证：那样本页的数字全都偏高。"},
     NULL,
     cli_write_findings,
     FINISHED},
    {"confusion",
     {"Confusion matrix", "混淆矩阵"},
     {"Rows are what the images show, columns what they were taken for; right answers lie on the diagonal. Alarming: a "
      "column that draws from everywhere, for the model then guesses that class.",
      "每行是真实类别，每列是模型的回答，答对的落在对角线上。值得警惕：某一列从各行都吸走不少，说明模型拿不准时总猜这一"
      "类。"},
     cli_figure_confusion,
     NULL,
     FINISHED},
    {"classes",
     {"Class by class", "各类指标"},
     {"Precision: of those called so, how many are. Recall: of those that are, how many are called so. Alarming: a "
      "class far below the others, often the one with the fewest images.",
      "精确率：被认作该类的图片里有多少真是。召回率：真是该类的图片里有多少被认出。值得警惕：某一类远低于其余，往往是图"
      "片最少的那类。"},
     NULL,
     cli_write_classes,
     FINISHED},
    {"calibration",
     {"Calibration", "校准"},
     {"Of the answers given with 80 % probability, 80 % should be right: on the dotted line. Below it the model is too "
      "sure of itself, as trained networks often are; an error above 0.1 is a reason not to rely on probabilities.",
      "说有 80 % 把握的回答，应当有 80 % "
      "答对，即落在虚线上。落在线下说明模型过于自信，训练出的网络常常如此；误差超过 0.1 时不宜相信它给的概率。"},
     cli_figure_calibration,
     NULL,
     FINISHED},
    {"threshold",
     {"Threshold", "阈值"},
     {"With two classes the answer changes at a probability of 0.5, the dashed line; another threshold trades one kind "
      "of mistake for the other. A flat accuracy around it is good news: the choice hardly matters.",
      "只有两类时，概率以 "
      "0.5（虚线）为界；换一个阈值，就是用一种错误换另一种。准确率在界线附近平坦是好事：怎么选都差不多。"},
     cli_figure_threshold,
     NULL,
     FINISHED},
    {"mistakes",
     {"Worst mistakes", "错得最厉害的图片"},
     {"The largest losses first, with the true class and what was said instead. Look for wrong labels: in most data "
      "sets some of these mistakes are the label's.",
      "按损失从大到小排列，写明真实类别和模型的回答。先看标签对不对：多数数据集里，总有几个错误其实错在标签。"},
     cli_figure_mistakes,
     NULL,
     FINISHED},
    {"uncertain",
     {"Least certain", "最拿不准的图片"},
     {"The two best answers are nearly as probable. If these images are clear to you, more of their kind in training "
      "would help most.",
      "头两个答案的概率相差无几。如果这些图片你一眼就能分清，那么多补这类训练图片最有用。"},
     cli_figure_uncertain,
     NULL,
     FINISHED},
    {"filters",
     {"Kernels of the first layer", "第一层的卷积核"},
     {"Before training they are noise; afterwards smooth edges, blobs and colours, as in the AlexNet paper's figure 3. "
      "Alarming: kernels that still look like noise, or many that are plain grey, for these have learned nothing.",
      "训练前是噪声；训练后应出现平滑的边缘、斑点和颜色，如 AlexNet 论文图 "
      "3。值得警惕：仍像噪声，或有许多一片灰的核——它们什么也没学到。"},
     cli_figure_filters,
     NULL,
     FINISHED},
    {"features",
     {"Feature maps", "特征图"},
     {"What the layers make of one image, up to 32 channels of each; bright is large. Early maps still show the image, "
      "late ones are sparse. Alarming: layers that are dark or bright throughout.",
      "各层从一张图片里提取到什么，每层最多 32 "
      "个通道，越亮值越大。前面的层还看得出原图，后面的越来越稀疏。值得警惕：整层全暗或全亮。"},
     cli_figure_features,
     NULL,
     FINISHED},
    {"heatmaps",
     {"Where the model looks", "模型看哪里"},
     {"Grad-CAM: the bright parts speak most for the answer. Alarming: a background, a border or a watermark that "
      "decides.",
      "Grad-CAM：越亮的地方越支持这个回答。值得警惕：起决定作用的是背景、边框或水印。"},
     NULL,
     cli_write_heatmaps,
     FINISHED},
    {"neighbours",
     {"Nearest neighbours", "最近邻"},
     {"In each row an image and the training images whose last hidden layer is most like its own (of a sample of 500), "
      "as in the AlexNet paper's figure 4. They should be alike in meaning, even where pixels differ.",
      "每行第一张是查询图片，其后是最后一个隐藏层与它最接近的训练图片（从 500 张中选出），如 AlexNet "
      "论文图 4。它们应当含义相近，哪怕像素差得很远。"},
     cli_figure_neighbours,
     NULL,
     FINISHED},
    {"map",
     {"A map of the images", "图片的分布图"},
     {"The last hidden layer in two dimensions. Classes should be clusters of their own; in t-SNE's map only "
      "neighbourhood means something, not the distance of clusters nor their size. Alarming: one cloud of all "
      "colours.",
      "把最后一个隐藏层压到两维。各类应当自成一团；t-SNE "
      "图中只有远近邻关系有意义，团与团的距离和大小没有意义。值得警惕：所有颜色混成一团。"},
     cli_figure_map,
     NULL,
     FINISHED},
    {"activity",
     {"Activations and gradients", "激活与梯度"},
     {"Of one batch, as training sees it. Alarming: a spread that shrinks or grows by tens from layer to layer, dead "
      "channels by the half, or gradients beside weights that differ by thousands between layers.",
      "取一批图片，按训练时的方式计算。值得警惕：离散程度逐层成十倍地缩小或放大，一半通道失活，或各层的梯度与权重之比相"
      "差上千倍。"},
     NULL,
     cli_write_activity,
     FINISHED},
};
enum { COUNT = sizeof SECTIONS / sizeof *SECTIONS };
_Static_assert((int)COUNT <= (int)CLI_SECTIONS_MOST && (int)COUNT <= (int)ALX_PAGE_SECTIONS, "room for all");

static bool belongs(cli_report *r, const section *s)
{
    if (r->training) return s->when != FINISHED;
    if (s->figure != cli_figure_threshold) return true;
    return cli_report_need(r, CLI_PART_ANSWERS, NULL) || r->answers.classes == 2;
}

/* What a section cannot show it says; the rest stands.  Only what ends everything is an error. */
static alx_status write_content(cli_report *r, alx_page *page, const section *s, alx_error *err)
{
    const size_t mark = alx_page_mark(page);
    alx_error why = {0};
    const alx_status status = s->figure ? s->figure(r, &(cli_sink){.page = page}, &why) : s->write(r, page, &why);
    if (!status) return ALX_OK;
    if (status == ALX_NO_MEMORY || status == ALX_INTERRUPTED) return cli_fail(err, status, "%s", why.message);
    alx_page_take_back(page, mark);
    char text[1200];
    snprintf(text, sizeof text, cli_say(r, "Not shown: %s.", "此处从缺：%s。"), why.message);
    alx_page_missing(page, text);
    return ALX_OK;
}

static alx_status write_section(cli_report *r, alx_page *page, const section *s, alx_markup *kept, alx_error *err)
{
    alx_page_section(page, s->id, s->title[r->language]);
    alx_page_paragraph(page, s->intro[r->language]);
    alx_status status = ALX_OK;
    if (kept->text) {
        alx_markup_bytes(&page->body, kept->text, kept->length);
    } else {
        const size_t mark = alx_page_mark(page);
        status = write_content(r, page, s, err);
        if (!status && r->training && s->when == ALWAYS && page->body.text)
            alx_markup_bytes(kept, page->body.text + mark, page->body.length - mark);
    }
    alx_page_section_end(page);
    return status;
}

alx_status cli_report_write(cli_report *r, const char *path, alx_error *err)
{
    alx_page page = {.language = r->language};
    page.body.ids = r->ids;
    alx_status status = cli_report_need(r, CLI_PART_RECIPE, err); /* without it this is no run */
    for (int i = 0; i < COUNT && !status; i++)
        if (belongs(r, &SECTIONS[i])) status = write_section(r, &page, &SECTIONS[i], &r->kept[i], err);
    r->ids = page.body.ids;
    alx_markup text = {0};
    char title[600];
    const char *slash = strrchr(r->run, '/');
    snprintf(title, sizeof title, cli_say(r, "Run %s", "运行 %s"), slash && slash[1] ? slash + 1 : r->run);
    if (!status)
        status = alx_page_write(&text, &page, title,
                                cli_say(r, "A report of alexnet: what was trained, and how well it works",
                                        "alexnet 报告：训练了什么，效果如何"),
                                err);
    if (!status) status = alx_whole_file_bytes(path, text.text, text.length, err);
    alx_markup_finish(&text);
    alx_page_finish(&page);
    return status;
}

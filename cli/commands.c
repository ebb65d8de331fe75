#include "cli/commands.h"

#include <string.h>

const cli_command cli_commands[] = {
    {
        "train",
        {"train a network on labelled images", "用带类别的图片训练网络"},
        "FOLDER [OPTION]...\nRECIPE.yaml [OPTION]...\n--model MODEL --data.train FOLDER [OPTION]...\n"
        "--resume RUN [--epochs N]\n"
        "... --find-lr | --overfit-batch | --sweep YAML | --folds N",
        "alexnet train photos/\n"
        "alexnet train recipes/demo.yaml --epochs 3\n"
        "alexnet train --model alexnet --data.train 数据/train --data.validation 数据/validation --out runs/x\n"
        "alexnet train --resume runs/x --epochs 20\n"
        "alexnet train photos/ --sweep '{learning_rate: [1e-4, 1e-3], batch_size: [16, 64]}' --out runs/sweep",
        {"FOLDER has one sub-folder for each class, or it has the sub-folders train and validation (or val, valid, "
         "test), each with one for each class. Any key of a recipe is an option, in its long form (--train.epochs) or "
         "its short one (--epochs). A FOLDER without --model is trained as recipes/starter.yaml says; all else begins "
         "with the "
         "defaults below. The run's folder is printed at the end: it holds the recipe with everything "
         "resolved, the metrics and the weights. "
         "Ctrl-C finishes the batch, writes a checkpoint and tells how to resume; a second one stops at once.",
         "FOLDER 中每个子文件夹是一类；或者含有 train 与 validation（或 val、valid、test），其中再各按类分子文件夹。"
         "配方里的每个键都是一个选项，可写全称（--train.epochs）或简称（--epochs）。只给 FOLDER 而不给 --model 时，"
         "按 recipes/starter.yaml 训练；其余情况以下列默认值为准。结束时打印运行文件夹："
         "其中有完整的配方、各轮指标和权重。按 Ctrl-C 会做完当前批次、写下检查点并说明如何继续；再按一次立即停止。"},
        cli_train_options,
        cli_train,
        cli_train_help,
    },
    {
        "evaluate",
        {"measure a trained model on labelled images", "用带类别的图片衡量训练好的模型"},
        "MODEL --data SOURCE [OPTION]...",
        "alexnet evaluate runs/1 --data photos/test\n"
        "alexnet evaluate best.safetensors --data 数据/test --json",
        {"MODEL is a run folder or a .safetensors file. SOURCE has its classes: a folder with one sub-folder for each, "
         "a "
         "table, a list or an IDX file, or a recipe. Images are prepared as in training. Loss is the mean "
         "cross-entropy in nats; precision, recall and F1 are of each class.",
         "MODEL 是运行文件夹或 .safetensors 文件。SOURCE 含有模型的各个类别：每类一个子文件夹的文件夹、表格、列表或 "
         "IDX 文件，也可以是配方。"
         "图片的处理与训练时相同。"
         "损失是平均交叉熵（自然对数）；精确率、召回率和 F1 按类给出。"},
        cli_evaluate_options,
        cli_evaluate,
        NULL,
    },
    {
        "compare",
        {"compare trained models: cost, accuracy, layers, curves", "比较训练好的模型：代价、准确率、各层和曲线"},
        "RUN RUN... [OPTION]...",
        "alexnet compare runs/1 runs/2\n"
        "alexnet compare runs/starter runs/alexnet --data 数据/test -o curves.png\n"
        "alexnet compare old.safetensors new.safetensors --data photos/test --json",
        {"RUN is a run folder or a .safetensors file; files have no recipe, times or curves. All are measured on the "
         "same images, and must have the same classes. Intervals are Wilson's. Each run is compared with the first by "
         "McNemar's exact test, which looks at the images that one of the two has right and the other wrong; with "
         "several runs, the p-values are corrected by Holm's method. Layers are put side by side in order; what "
         "differs is printed, and so are the keys of the recipes that differ.",
         "RUN 是运行文件夹或 .safetensors "
         "文件；单个文件没有配方、用时和曲线。所有模型都在同一批图片上衡量，类别必须相同。"
         "区间为 Wilson 区间。每个运行都与第一个相比，用 McNemar 精确检验：只看一方答对、另一方答错的图片；"
         "运行较多时，p 值按 Holm 方法校正。各层按顺序对齐，打印不同之处；配方中不同的键也会打印。"},
        cli_compare_options,
        cli_compare,
        NULL,
    },
    {
        "predict",
        {"say what images show", "说出图片属于哪一类"},
        "MODEL IMAGE|FOLDER... [OPTION]...",
        "alexnet predict runs/1 photo.jpg\n"
        "alexnet predict runs/1 photos/ 照片/ --top 3 --csv > labels.csv",
        {"MODEL is a run folder or a .safetensors file. A folder stands for all images below it, sorted by name. "
         "Images that cannot be read are named on stderr; the others are printed, and the exit code is 3.",
         "MODEL 是运行文件夹或 .safetensors 文件。文件夹代表其下所有图片，按名字排序。"
         "无法读取的图片在标准错误中列出，其余照常输出，此时退出码为 3。"},
        cli_predict_options,
        cli_predict,
        NULL,
    },
    {
        "features",
        {"write what a layer makes of images, for other tools", "把某一层对图片的输出写成文件，供其他工具使用"},
        "MODEL IMAGE|FOLDER... -o FILE [OPTION]...\n"
        "MODEL --data SOURCE -o FILE [OPTION]...",
        "alexnet features runs/1 photos/ -o features.npy\n"
        "alexnet features runs/1 --data 数据/test -o features.csv\n"
        "alexnet features best.safetensors photos/ --layer conv2d_5 -o maps.npy",
        {"MODEL is a run folder or a .safetensors file. Each image becomes a row of numbers: the outputs of the last "
         "hidden layer, or of another. FILE.npy is an array of float32 for NumPy, with FILE.csv beside it, which has "
         "the path and the label of each row; FILE.csv has both and the numbers. The label is that of the data; of "
         "images and folders it is the name of the folder that holds the image, where the model has such a class. "
         "Images that cannot be read are named on stderr and left out; the exit code is then 3.",
         "MODEL 是运行文件夹或 .safetensors 文件。每张图片成为一行数字：最后一个隐藏层的输出，也可另选一层。"
         "FILE.npy 是 NumPy 的 float32 数组，同名的 .csv 列出各行的路径和标签；直接写 .csv 则路径、标签和数字都在其中。"
         "标签取自数据；若给的是图片或文件夹，就取图片所在文件夹的名字，前提是模型有这个类别。"
         "无法读取的图片在标准错误中列出并略去，此时退出码为 3。"},
        cli_features_options,
        cli_features,
        NULL,
    },
    {
        "export",
        {"write a trained model to a file of its own", "把训练好的模型另存为一个文件"},
        "MODEL -o FILE [OPTION]...",
        "alexnet export runs/1 -o gender.safetensors\n"
        "alexnet export runs/1 --precision bf16 -o gender-bf16.safetensors",
        {"MODEL is a run folder or a .safetensors file. FILE holds the weights, the network, the classes and how "
         "images "
         "are prepared: all that predict and evaluate need, and nothing of the run. In bf16 the kernels of "
         "convolutions "
         "and dense layers are rounded to 8 significant bits: the file is half as large, and where the processor "
         "computes bf16 natively the model is run in it, unless --precision f32 is given. Biases and batch "
         "normalisation stay f32. Training can start from such a file (train.weights).",
         "MODEL 是运行文件夹或 .safetensors 文件。FILE 含有权重、网络、类别和图片的处理方式："
         "预测和评估所需的都在其中，不含训练过程的记录。"
         "用 bf16 时，卷积层和全连接层的核舍入到 8 位有效数字：文件小一半；处理器支持 bf16 时模型就以 bf16 运行，"
         "除非给出 --precision f32。偏置和批归一化仍为 f32。也可以从这样的文件开始训练（train.weights）。"},
        cli_export_options,
        cli_export,
        NULL,
    },
    {
        "summary",
        {"print or draw a network: shapes, parameters, work, memory", "打印或画出网络：各层的形状、参数、计算量和内存"},
        "MODEL [OPTION]...",
        "alexnet summary models/alexnet.yaml\n"
        "alexnet summary alexnet --classes 10 --json\n"
        "alexnet summary alexnet --flops --memory --batch-size 100\n"
        "alexnet summary alexnet --draw alexnet.png",
        {"MODEL is a YAML file, the name of a built-in network, a run folder or a .safetensors file. Where a network "
         "has branches, the lanes in front of its layers show which values live on. The picture is .png or .svg by "
         "its name.",
         "MODEL 是 YAML 文件、内置网络的名字、运行文件夹或 .safetensors 文件。网络有分支时，各层前面的线表示"
         "哪些输出还要用到。图片格式由文件名决定：.png 或 .svg。"},
        cli_summary_options,
        cli_summary,
        NULL,
    },
    {
        "explain",
        {"derive every number of a network, in words", "逐层讲解网络：每个数字是怎么来的"},
        "MODEL [OPTION]...",
        "alexnet explain alexnet\n"
        "alexnet explain alexnet --layer conv2d_1 --lang zh\n"
        "alexnet explain models/alexnet-2012.yaml --format md > homework.md\n"
        "alexnet explain mine.yaml --annotate > commented.yaml",
        {"MODEL is a YAML file, the name of a built-in network, a run folder or a .safetensors file. For each layer: "
         "its "
         "output's shape, what an output sees of the image, parameters, neurons and connections, the memory that it "
         "takes "
         "in training, and what it is for; for AlexNets also what the paper says of it. No weights are made for it.",
         "MODEL 是 YAML 文件、内置网络的名字、运行文件夹或 .safetensors 文件。逐层讲解：输出的形状、感受野、参数、"
         "神经元和连接、训练所占的内存，以及这一层的作用；若是 AlexNet，还会说明论文中的理由。讲解时不会生成权重。"},
        cli_explain_options,
        cli_explain,
        NULL,
    },
    {
        "profile",
        {"say where the time of a training step goes, layer by layer", "逐层说明一步训练的时间花在哪里"},
        "MODEL [OPTION]...",
        "alexnet profile alexnet --batch-size 32\n"
        "alexnet profile starter --precision f32 --threads 1 --json\n"
        "alexnet profile mine.yaml --exact",
        {"MODEL is a YAML file, the name of a built-in network, a run folder or a .safetensors file; weights and "
         "images are random. Real training steps run: forward, loss, backward, Adam; reading images is not among "
         "them. Times are medians, conversions of layout and type included. GF/s are 10^9 operations a second of "
         "convolutions and dense layers, a multiply-add counted as two; peak compares them with the fastest matrix "
         "product that oneDNN does on this machine, measured at the same time. Winograd is credited with the "
         "operations of the direct convolution, which it spares in part: it may exceed 100 %. An algorithm is "
         "oneDNN's name of its implementation, or own: a kernel of this program. A layer without an algorithm is "
         "computed inside the one before, or moves nothing.",
         "MODEL 是 YAML 文件、内置网络的名字、运行文件夹或 .safetensors 文件；权重和图片都是随机的。"
         "运行的是真正的训练步：前向、损失、反向、Adam，不含读取图片。时间取各步的中位数，包括转换布局和类型。"
         "GF/s 是卷积层和全连接层每秒的运算次数（单位 10^9），一次乘加算两次运算；"
         "峰值一栏把它与 oneDNN 在本机做得最快的矩阵乘法相比，后者也是当场测得的。"
         "Winograd 算法省去一部分乘法，这里仍按直接卷积的运算次数计，所以可能超过 100 %。"
         "算法一栏是 oneDNN 给实现起的名字，own（自写）指本程序自己的代码。"
         "没有算法的层，要么并入前一层一起计算，要么不搬动数据。"},
        cli_profile_options,
        cli_profile,
        NULL,
    },
    {
        "check-data",
        {"say whether a data set is sound before hours of training", "训练之前检查数据集是否可靠"},
        "FOLDER|RECIPE.yaml [OPTION]...",
        "alexnet check-data photos/\n"
        "alexnet check-data 数据/train --test 数据/test --lang zh\n"
        "alexnet check-data recipes/demo.yaml --examples 20\n"
        "alexnet check-data photos/ --json > findings.json",
        {"Reads every image once, in the splits that training would use, and reports what cannot be read, oddities, "
         "outliers of size, exact and near duplicates within and across splits, and the balance of the classes. The "
         "exit code is 3 where training would fail or its figures would be wrong: too many unreadable images, a class "
         "without one, test or validation images that are also in training, one image under several labels. All else "
         "is a warning or a note.",
         "按训练时的划分把每张图片读一遍，报告无法读取的图片、异常图片、尺寸离群的图片、各部分之内和之间的完全重复"
         "与近似重复，以及类别是否均衡。若训练会失败或所得数字会失真，退出码为 3：无法读取的图片过多、某类没有可读的"
         "图片、测试或验证图片也出现在训练集中、同一图片标了不同类别。其余情况只是警告或提示。"},
        cli_check_data_options,
        cli_check_data,
        NULL,
    },
    {
        "show",
        {"draw sample images with their labels", "画出带标签的样本图片"},
        "FOLDER|RECIPE.yaml [OPTION]...\n"
        "FOLDER|RECIPE.yaml --augmented [IMAGE]... [OPTION]...",
        "alexnet show photos/ -o samples.png\n"
        "alexnet show recipes/demo.yaml --split test --count 20 --columns 5\n"
        "alexnet show mine.yaml --augmented -o variants.png\n"
        "alexnet show photos/ --augment '[rotate: 10, color_jitter]' photos/cat/1.jpg 17",
        {"The images are as the network is given them at evaluation: resized and cropped. With --augmented they are "
         "followed by what training is given in its first epochs.",
         "画出的是评估时交给网络的图片：已缩放并裁剪。加上 --augmented，其后是训练最初几轮看到的样子。"},
        cli_show_options,
        cli_show,
        NULL,
    },
    {
        "report",
        {"write a page about a run: curves, mistakes, the inside", "为一次运行写一页报告：曲线、错误、网络内部"},
        "RUN [OPTION]...",
        "alexnet report runs/1\n"
        "alexnet report runs/1 -o 报告.html --lang zh",
        {"RUN is a run's folder. The page stands alone: it opens from disk in any browser, needs no script and nothing "
         "from elsewhere, and follows light and dark mode. It has the recipe, the network, curves, sample images, the "
         "confusion matrix, calibration, mistakes, kernels, feature maps, where the model looks, neighbours, a map of "
         "the images and check-data's findings, each with a word on what would be alarming. Validation images are "
         "evaluated once, or test images where nothing validates. What cannot be shown, such as images that were "
         "moved, is named in its place.",
         "RUN "
         "是运行文件夹。报告是单独一个网页：用任何浏览器都能从磁盘打开，不含脚本，也不引用任何外部内容，并随系统切换"
         "明暗。内有配方、网络、曲线、样本图片、混淆矩阵、校准、错误、卷积核、特征图、模型看哪里、近邻、图片分布图和数"
         "据"
         "检查，每处都说明什么情况值得警惕。验证图片（没有则用测试图片）会评估一遍。无法显示的内容（如图片已移走）会在"
         "原处注明。"},
        cli_report_options,
        cli_report_command,
        NULL,
    },
    {
        "plot",
        {"draw one picture of a run", "画出一次运行的某一张图"},
        "RUN FIGURE [IMAGE] [OPTION]...",
        "alexnet plot runs/1 curves\n"
        "alexnet plot runs/1 confusion -o confusion.svg --lang zh\n"
        "alexnet plot runs/1 heatmap photo.jpg -o where.png",
        {"Each figure of the report alone, by the same drawing.", "单独画出报告中的一张图，画法与报告相同。"},
        cli_plot_options,
        cli_plot,
        cli_plot_help,
    },
    {
        "models",
        {"list the built-in networks, or print one", "列出内置网络，或打印其中一个"},
        "[NAME]",
        "alexnet models\n"
        "alexnet models alexnet > mine.yaml",
        {NULL, NULL},
        cli_models_options,
        cli_models,
        NULL,
    },
    {
        "layers",
        {"list the layer types, or one type's options", "列出层的类型，或某一类型的选项"},
        "[NAME]",
        "alexnet layers\n"
        "alexnet layers conv2d",
        {NULL, NULL},
        cli_layers_options,
        cli_layers,
        NULL,
    },
    {
        "augmentations",
        {"list the augmentations, or one's options", "列出数据增强，或某一种的选项"},
        "[NAME]",
        "alexnet augmentations\n"
        "alexnet augmentations rotate",
        {NULL, NULL},
        cli_augmentations_options,
        cli_augmentations,
        NULL,
    },
    {0},
};

const cli_command *cli_command_find(const char *name)
{
    for (const cli_command *command = cli_commands; command->name; command++) {
        if (!strcmp(command->name, name)) return command;
    }
    return NULL;
}
